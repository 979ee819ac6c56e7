"""Aligning, converting, rebasing and measuring several series, on frames alone."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance_core.bars import comparison, pairs
from finance_core.bars.comparison import Base
from tests.pages import real_tables


def series(*pairs: tuple[str, float]) -> "pd.Series[float]":
    return pd.Series([price for _day, price in pairs], index=pd.DatetimeIndex([day for day, _price in pairs]))


def walk(seed: int, days: pd.DatetimeIndex) -> "pd.Series[float]":
    return pd.Series(100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, len(days)))), index=days)


# Alignment: Seoul is closed for Seollal (2026-02-16 to 18), New York on Presidents' Day (2026-02-16).

SEOUL = series(("2026-02-13", 100.0), ("2026-02-19", 110.0), ("2026-02-20", 99.0))
NEW_YORK = series(
    ("2026-02-13", 50.0), ("2026-02-17", 51.0), ("2026-02-18", 52.0), ("2026-02-19", 53.0), ("2026-02-20", 54.0)
)


def test_days_are_the_union_of_sessions_and_nothing_is_carried_forward() -> None:
    closes = comparison.align({"kr": SEOUL, "us": NEW_YORK})
    assert [f"{day:%m-%d}" for day in closes.index] == ["02-13", "02-17", "02-18", "02-19", "02-20"]
    assert closes["kr"].tolist()[1:3] == pytest.approx([math.nan, math.nan], nan_ok=True)


def test_a_line_is_joined_over_days_on_which_only_others_traded() -> None:
    closes = comparison.align({"kr": SEOUL, "us": NEW_YORK})
    drawn = comparison.joined(closes, closes.notna())
    assert drawn.notna().all().all()
    assert 100 < drawn["kr"].iloc[1] < drawn["kr"].iloc[2] < 110


def test_correlation_is_of_common_sessions_so_that_a_holiday_is_no_return_of_nothing() -> None:
    closes = comparison.align({"kr": SEOUL, "us": NEW_YORK})
    x, y = [math.log(1.1), math.log(0.9)], [math.log(53 / 50), math.log(54 / 53)]
    expected = np.corrcoef(x, y)[0, 1]
    assert pairs.correlations(closes).loc["kr", "us"] == pytest.approx(expected)


def test_a_price_that_is_none_is_missing() -> None:
    closes = comparison.align({"a": series(("2026-01-02", 0.0), ("2026-01-05", -1.0), ("2026-01-06", math.inf))})
    assert closes["a"].isna().all()


# Currencies

RATES = {"USD": series(("2026-01-02", 1_400.0), ("2026-01-05", 1_500.0)), "JPY": series(("2026-01-02", 9.0))}


def test_dollars_become_won_at_the_last_rate_of_at_most_seven_days() -> None:
    apple = series(
        ("2026-01-02", 10.0), ("2026-01-03", 10.0), ("2026-01-05", 10.0), ("2026-01-12", 10.0), ("2026-01-13", 10.0)
    )
    won = comparison.convert(apple, "USD", "KRW", RATES)
    assert won.tolist() == pytest.approx([14_000, 14_000, 15_000, 15_000, math.nan], nan_ok=True)


def test_before_the_first_rate_nothing_is_known() -> None:
    won = comparison.convert(series(("2026-01-01", 10.0), ("2026-01-02", 10.0)), "USD", "KRW", RATES)
    assert won.tolist() == pytest.approx([math.nan, 14_000], nan_ok=True)


def test_won_become_dollars_and_yen_go_through_won() -> None:
    assert comparison.convert(series(("2026-01-05", 75_000.0)), "KRW", "USD", RATES).tolist() == [50.0]
    assert comparison.convert(series(("2026-01-02", 1_400.0)), "JPY", "USD", RATES).tolist() == [9.0]
    assert comparison.convert(series(("2026-01-02", 1_400.0)), "EUR", "USD", RATES).isna().all()


@pytest.mark.parametrize(
    ("currency", "into"), [("KRW", "KRW"), ("USD", "USD"), ("", "KRW"), ("", "USD"), ("USD", "local")]
)
def test_what_is_in_no_currency_or_the_wanted_one_stays_as_it_is(currency: str, into: comparison.Money) -> None:
    close = series(("2020-01-02", 5.0))
    assert comparison.convert(close, currency, into, RATES).tolist() == [5.0]


def test_a_stretch_without_a_rate_is_blank_and_not_joined_over() -> None:
    days = pd.bdate_range("2026-01-01", periods=6)
    values = comparison.align({"a": pd.Series([1.0, 2.0, math.nan, math.nan, 5.0, 6.0], index=days)})
    traded = pd.DataFrame({"a": [True, True, True, True, False, True]}, index=days)
    values.iloc[4, 0] = math.nan
    drawn = comparison.joined(values, traded)["a"]
    assert drawn.tolist() == pytest.approx([1, 2, math.nan, math.nan, math.nan, 6], nan_ok=True)


# Bases and scales


def test_the_base_is_the_first_close_on_or_after_the_day() -> None:
    assert comparison.base_of(SEOUL, pd.Timestamp("2026-02-14")) == Base(pd.Timestamp("2026-02-19"), 110.0)
    assert comparison.base_of(SEOUL, pd.Timestamp("2026-02-13")) == Base(pd.Timestamp("2026-02-13"), 100.0)
    assert comparison.base_of(SEOUL, pd.Timestamp("2026-03-01")) is None


def test_percent_is_from_nought_and_index_from_a_hundred_and_without_a_base_nothing_is_drawn() -> None:
    closes = comparison.align({"kr": SEOUL, "us": NEW_YORK})
    bases = {"kr": Base(closes.index[0], 100.0), "us": None}
    assert comparison.rebase(closes, bases, "percent")["kr"].dropna().tolist() == pytest.approx([0, 10, -1])
    assert comparison.rebase(closes, bases, "index")["kr"].dropna().tolist() == pytest.approx([100, 110, 99])
    assert comparison.rebase(closes, bases, "percent")["us"].isna().all()


PRICES = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30)


@settings(deadline=None, max_examples=100)
@given(PRICES)
def test_percent_is_index_less_a_hundred_and_rebasing_twice_is_rebasing_once(prices: list[float]) -> None:
    closes = comparison.align({"a": pd.Series(prices, index=pd.bdate_range("2024-01-01", periods=len(prices)))})
    bases = {"a": comparison.base_of(closes["a"], closes.index[0])}
    index = comparison.rebase(closes, bases, "index")
    assert np.allclose(comparison.rebase(closes, bases, "percent"), index - 100)
    again = comparison.rebase(index, {"a": comparison.base_of(index["a"], index.index[0])}, "index")
    assert np.allclose(again, index)


@settings(deadline=None, max_examples=50)
@given(st.permutations(["a", "b", "c"]))
def test_the_order_of_series_does_not_matter(order: list[str]) -> None:
    days = pd.bdate_range("2024-01-01", periods=50)
    made = {name: walk(seed, days[seed::2]) for seed, name in enumerate("abc")}
    one = comparison.align(made)
    other = comparison.align({name: made[name] for name in order})
    pd.testing.assert_frame_equal(one[order], other)
    pd.testing.assert_frame_equal(
        pairs.correlations(one).loc[order, order], pairs.correlations(other), check_exact=False
    )


# Weeks and months


def test_a_week_has_the_last_close_of_each_and_the_day_of_the_last_session_of_any() -> None:
    closes = comparison.align({"kr": SEOUL.iloc[:2], "us": NEW_YORK})
    weeks = comparison.resample(closes, "W")
    assert [f"{day:%m-%d}" for day in weeks.index] == ["02-13", "02-20"]
    assert weeks["kr"].tolist() == [100, 110]
    assert weeks["us"].tolist() == [50, 54]
    assert comparison.resample(closes, "D") is closes


# Measures


def test_measures_of_a_series_worked_out_by_hand() -> None:
    close = series(("2024-01-02", 100.0), ("2024-01-03", 120.0), ("2024-01-04", 90.0), ("2026-01-02", 121.0))
    found = comparison.statistics(close)
    assert found is not None
    assert (found.first, found.last, found.total) == (100, 121, pytest.approx(0.21))
    years = (pd.Timestamp("2026-01-02") - pd.Timestamp("2024-01-02")).days / 365.25
    assert found.annual == pytest.approx(1.21 ** (1 / years) - 1)
    logs = [math.log(1.2), math.log(0.75)]  # and none across two years without a bar
    mean = sum(logs) / 2
    assert found.volatility == pytest.approx(math.sqrt(sum((x - mean) ** 2 for x in logs) * 252))
    assert found.drawdown == comparison.Drawdown(
        pytest.approx(-0.25), pd.Timestamp("2024-01-03"), pd.Timestamp("2024-01-04")
    )
    assert found.best == (pd.Timestamp("2024-01-03"), pytest.approx(0.2))
    assert found.worst == (pd.Timestamp("2024-01-04"), pytest.approx(-0.25))


@pytest.mark.parametrize(("last", "known"), [("2025-06-16", False), ("2025-06-17", True)])
def test_a_return_is_annualized_from_a_whole_year_on(last: str, known: bool) -> None:
    found = comparison.statistics(series(("2024-06-17", 100.0), (last, 110.0)))
    assert found is not None
    assert (found.annual is not None) == known


def test_what_a_short_series_cannot_tell_is_not_told() -> None:
    assert comparison.statistics(pd.Series(dtype="float64")) is None
    one = comparison.statistics(series(("2026-01-02", 5.0)))
    assert one is not None
    assert (one.total, one.annual, one.volatility, one.best, one.drawdown.depth) == (0, None, None, None, 0)


def test_correlations_of_the_real_prices_are_those_of_an_independent_calculation() -> None:
    tables = dict(list(real_tables().items())[:4])
    closes = comparison.align({ticker: table["close"].iloc[-500:] for ticker, table in tables.items()})
    found = pairs.correlations(closes)
    for a in closes:
        for b in closes:
            pair = pd.DataFrame({"a": closes[a], "b": closes[b]}).dropna()
            expected = np.log(pair).diff().corr().iloc[0, 1]
            assert found.loc[a, b] == pytest.approx(expected)


def test_measures_of_the_real_prices_are_those_of_an_independent_calculation() -> None:
    for table in list(real_tables().values())[:5]:
        close = table["close"]
        found = comparison.statistics(close)
        assert found is not None
        daily = np.log(close / close.shift()).dropna()
        assert found.volatility == pytest.approx(float(daily.std()) * 252**0.5)
        assert found.drawdown.depth == pytest.approx(float((close / close.cummax() - 1).min()))
        assert found.best is not None
        assert found.best[1] == pytest.approx(float(close.pct_change().max()))


def test_no_return_reaches_across_a_time_without_bars() -> None:
    days = pd.bdate_range("2025-01-01", periods=300)
    halted, other = walk(1, days), walk(2, days)
    halted.iloc[160:] *= 3  # what it does while its trading is halted
    halted.iloc[100:160] = np.nan
    both = other.where(halted.notna())
    closes = pd.DataFrame({"A": halted, "B": other, "C": both})
    parts = [halted[:100], halted[160:]]
    moves = pd.concat([part / part.shift() - 1 for part in parts]).dropna()
    of_other = pd.concat([other[part.index] / other[part.index].shift() - 1 for part in parts]).dropna()
    expected = np.log1p(moves).corr(np.log1p(of_other))
    slope = np.log1p(moves).cov(np.log1p(of_other)) / np.log1p(of_other).var()
    for second in ("B", "C"):
        pair = closes[["A", second]]
        assert pairs.correlations(closes).loc["A", second] == pytest.approx(expected)
        assert pairs.rolling_correlation(pair, len(moves)).iloc[-1] == pytest.approx(expected)
        assert pairs.pair(pair, 60).beta == pytest.approx(slope)
    measured = comparison.statistics(halted)
    assert measured is not None
    assert measured.volatility == pytest.approx(np.log1p(moves).std() * np.sqrt(252))
    assert (measured.best, measured.worst) == (
        (moves.idxmax(), pytest.approx(moves.max())),
        (moves.idxmin(), pytest.approx(moves.min())),
    )


def test_no_return_of_a_pair_reaches_across_a_time_that_only_the_two_together_leave_open() -> None:
    days = pd.bdate_range("2025-03-03", periods=180)
    one, other = walk(1, days), walk(2, days)
    one.iloc[140:] *= 2
    one[(days >= "2025-06-02") & (days <= "2025-07-09")] = np.nan  # each alone has less than `LONG_GAP`
    other[(days >= "2025-07-07") & (days <= "2025-08-13")] = np.nan
    common = pd.DataFrame({"A": one, "B": other}).dropna()
    parts = [common[:"2025-05-30"], common["2025-08-14":]]  # type: ignore[misc]
    expected = pd.concat([np.log(part).diff() for part in parts]).corr().loc["A", "B"]
    closes = pd.DataFrame({"A": one, "B": other})
    assert pairs.correlations(closes).loc["A", "B"] == pytest.approx(expected)
    assert pairs.rolling_correlation(closes, len(common) - 2).iloc[-1] == pytest.approx(expected)


def test_no_return_reaches_across_sessions_whose_price_is_not_known_in_the_currency() -> None:
    days = pd.bdate_range("2025-01-01", periods=300)
    won, other = walk(1, days), walk(2, days)
    won.iloc[140:] *= 3  # what the series does while no rate is known
    rates = pd.Series(1300.0, index=days.delete(range(100, 160)))
    dollars = comparison.convert(won, "KRW", "USD", {"USD": rates})
    assert dollars.isna().sum() > 50
    traded = pd.DataFrame({"A": True, "B": True}, index=days)
    closes = comparison.measurable(pd.DataFrame({"A": dollars, "B": other}), traded)
    parts = [dollars[:130].dropna(), dollars[130:].dropna()]  # the sessions before the gap, and after it
    moves = pd.concat([part / part.shift() - 1 for part in parts]).dropna()
    of_other = pd.concat([(other[part.index] / other[part.index].shift() - 1) for part in parts]).dropna()
    measured = comparison.statistics(closes["A"])
    assert measured is not None
    assert measured.best == (moves.idxmax(), pytest.approx(moves.max()))
    assert measured.best[1] < 0.2, "less than all of the gap at once"
    assert measured.worst == (moves.idxmin(), pytest.approx(moves.min()))
    assert measured.volatility == pytest.approx(np.log1p(moves).std() * np.sqrt(252))
    assert measured.total == pytest.approx(won.iloc[-1] / won.iloc[0] - 1), "but what it did over the whole time stays"
    assert len(comparison.returns(closes["A"])) == len(moves)
    expected = np.log1p(moves).corr(np.log1p(of_other))
    assert pairs.correlations(closes).loc["A", "B"] == pytest.approx(expected)
    assert pairs.rolling_correlation(closes, len(moves)).iloc[-1] == pytest.approx(expected)
    slope = np.log1p(moves).cov(np.log1p(of_other)) / np.log1p(of_other).var()
    assert pairs.pair(closes, 60).beta == pytest.approx(slope)
    assert np.isfinite(pairs.pair(closes, 60).ratio).all()


def test_a_series_that_never_moves_has_no_correlation_and_a_perfect_pair_has_one() -> None:
    days = pd.bdate_range("2024-01-01", periods=10)
    moving = walk(1, days)
    closes = comparison.align({"a": moving, "b": moving * 3, "c": 100 / moving, "flat": pd.Series(5.0, index=days)})
    found = pairs.correlations(closes)
    assert found.loc["a", "b"] == pytest.approx(1)
    assert found.loc["a", "c"] == pytest.approx(-1)
    assert math.isnan(found.loc["a", "flat"])


def test_a_rolling_correlation_is_of_common_sessions() -> None:
    days = pd.bdate_range("2024-01-01", periods=40)
    a, b = walk(1, days), walk(2, days[::2])
    rolled = pairs.rolling_correlation(comparison.align({"a": a, "b": b}), 10)
    common = pd.DataFrame({"a": a, "b": b}).dropna()
    expected = np.log(common).diff().iloc[-10:].corr().iloc[0, 1]
    assert rolled.iloc[-1] == pytest.approx(expected)
    assert len(rolled) == 20


# Slots


def test_a_series_keeps_its_slot_when_others_come_and_go() -> None:
    slots = comparison.keep_slots({}, ["a", "b", "c"])
    assert slots == {"a": 0, "b": 1, "c": 2}
    slots = comparison.keep_slots(slots, ["a", "c"])
    assert slots == {"a": 0, "c": 2}
    assert comparison.keep_slots(slots, ["d", "c", "a"]) == {"d": 1, "c": 2, "a": 0}


def test_beta_is_the_slope_of_the_returns_of_one_over_those_of_the_other_on_their_common_sessions() -> None:
    rng = np.random.default_rng(5)
    market = rng.normal(0, 0.01, 300)
    stock = 1.5 * market + rng.normal(0, 0.005, 300)
    closes = pd.DataFrame(
        {"stock": 100 * np.exp(stock.cumsum()), "market": 2_500 * np.exp(market.cumsum())},
        index=pd.bdate_range("2025-01-01", periods=300),
    )
    slope, _intercept = np.polyfit(market[1:], stock[1:], 1)
    measured = pairs.pair(closes, 60)
    assert measured.beta == pytest.approx(slope, rel=1e-9)
    assert measured.betas.iloc[-1] == pytest.approx(np.polyfit(market[-60:], stock[-60:], 1)[0], rel=1e-9)
    assert measured.betas.isna().sum() == 60, "a window of returns needs one close more"
    with_holidays = closes.copy()
    with_holidays.iloc[[7, 100], 1] = np.nan
    pd.testing.assert_series_equal(pairs.pair(with_holidays, 60).betas, pairs.pair(with_holidays.dropna(), 60).betas)


def test_spread_and_ratio_begin_level_at_the_first_common_session() -> None:
    days = pd.bdate_range("2025-01-01", periods=3)
    closes = pd.DataFrame({"won": [9_000.0, 10_000.0, 12_000.0], "dollars": [np.nan, 50.0, 55.0]}, index=days)
    measured = pairs.pair(closes, 2)
    assert measured.spread.tolist() == pytest.approx([0, 10])
    assert measured.ratio.tolist() == pytest.approx([1, 1.2 / 1.1])
    assert measured.spread.index.tolist() == days[1:].tolist()


def test_there_is_no_beta_against_a_series_that_was_flat_for_the_whole_window_however_much_it_moved_before() -> None:
    moves = np.random.default_rng(7).normal(0, 0.02, (2, 400))
    moves[1, 10], moves[1, 200:300] = np.log(5), 0  # it jumped, and was halted later
    days = pd.bdate_range("2024-01-02", periods=400)
    betas = pairs.pair(pd.DataFrame(np.exp(moves.cumsum(axis=1)).T, days), 60).betas
    assert betas.iloc[259:300].isna().all()
    assert betas.iloc[61:258].notna().all()
    assert betas.iloc[300:].notna().all()


@pytest.mark.parametrize("second", [[5.0] * 4, [np.nan] * 4, [5.0, np.nan, np.nan, np.nan]])
def test_a_pair_that_has_no_beta_has_none(second: list[float]) -> None:
    closes = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": second}, index=pd.bdate_range("2025-01-01", periods=4))
    measured = pairs.pair(closes, 2)
    assert np.isnan(measured.beta)
    assert measured.betas.isna().all()
