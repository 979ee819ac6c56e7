"""How a whole market moved, against the same asked of each ticker by pandas."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import breadth
from finance_core.bars import panel as panels
from finance_core.bars.breadth import SPANS
from finance_core.bars.panel import FIELDS, Panel

INDUSTRIES = ("반도체", "은행", "")
TICKERS = 12


def frames() -> dict[str, pd.DataFrame]:
    """Bars of tickers that begin and end on different days, leave days out, and stand still for weeks."""
    days = pd.bdate_range("2024-01-02", periods=420, name="date")
    made = {}
    for number in range(TICKERS):
        random = np.random.default_rng(number)
        close = np.round(1_000 * np.exp(np.cumsum(random.normal(0, 0.02, len(days)))), -1)
        close[200:225] = close[200]
        bars = pd.DataFrame(dict.fromkeys(FIELDS, close) | {"volume": random.integers(1, 99, len(days))}, days)
        bars = bars[random.random(len(days)) > 0.02 * (number % 3)]
        made[f"T{number:02}"] = bars.iloc[30 * number : -1 - number if number > 9 else None].astype("float64")
    made["none"] = made["T00"].iloc[:0]
    return made


def panel_of(made: dict[str, pd.DataFrame]) -> Panel:
    columns = {
        ticker: (bars.index.to_numpy().astype("datetime64[D]"), {name: bars[name].to_numpy() for name in FIELDS})
        for ticker, bars in made.items()
    }
    industry = np.array([INDUSTRIES[number % 3] for number in range(len(made))], dtype=object)
    return replace(panels.of(columns), texts={"industry": industry})


@pytest.fixture(scope="module")
def made() -> dict[str, pd.DataFrame]:
    return frames()


@pytest.fixture(scope="module")
def panel(made: dict[str, pd.DataFrame]) -> Panel:
    return panel_of(made)


def change_of(bars: pd.DataFrame, span: str, end: pd.Timestamp) -> float:
    if bars.empty or bars.index[-1] != end:
        return np.nan
    offset = SPANS[span]
    before = bars.iloc[:-1] if offset is None else bars[bars.index <= end - offset]
    return float(bars["close"].iloc[-1] / before["close"].iloc[-1] - 1) if len(before) else np.nan


@pytest.mark.parametrize("span", SPANS)
def test_the_change_of_each_ticker_is_that_of_its_own_bars(
    made: dict[str, pd.DataFrame], panel: Panel, span: str
) -> None:
    end = pd.Timestamp(panel.sessions[-1])
    expected = [change_of(bars, span, end) for bars in made.values()]
    assert np.isnan(expected).any()
    assert not np.isnan(expected).all()
    assert np.allclose(breadth.changes(panel, span), expected, rtol=1e-12, equal_nan=True)


@pytest.mark.parametrize(("came", "back"), [(0, 1), (5, 1), (6, 0), (12, 0)])
def test_a_session_is_of_the_market_once_half_of_it_has_come(came: int, back: int) -> None:
    days = np.arange("2024-01-01", "2024-02-10", dtype="datetime64[D]")
    ends = {f"T{number:02}": len(days) - (number >= came) for number in range(12)}
    one = panel_of({ticker: pd.DataFrame(1.0, pd.DatetimeIndex(days[:end]), FIELDS) for ticker, end in ends.items()})
    assert breadth.last_whole(one) == days[-1 - back if came else -2]


def test_a_market_that_nobody_updates_any_more_is_that_of_those_that_go_on() -> None:
    days = np.arange("2024-01-01", "2024-02-10", dtype="datetime64[D]")
    ends = {f"T{number:02}": len(days) - (breadth.RECENT if number else 0) for number in range(12)}
    one = panel_of({ticker: pd.DataFrame(1.0, pd.DatetimeIndex(days[:end]), FIELDS) for ticker, end in ends.items()})
    assert breadth.last_whole(one) == days[-1]


def test_the_value_traded_is_a_mean_of_the_last_bars(made: dict[str, pd.DataFrame], panel: Panel) -> None:
    expected = [(bars["close"] * bars["volume"]).tail(20).mean() if len(bars) else 0.0 for bars in made.values()]
    assert np.allclose(breadth.value_traded(panel), expected, rtol=1e-9)


def test_the_breadth_of_each_session_counts_the_tickers_with_a_bar_on_it(
    made: dict[str, pd.DataFrame], panel: Panel
) -> None:
    marks = []
    for bars in made.values():
        close = bars["close"]
        change = close.diff()
        mark = {"advancers": change > 0, "decliners": change < 0, "unchanged": change == 0}
        for window in breadth.AVERAGES:
            average = close.rolling(window).apply(np.mean, raw=True)
            mark[f"above_{window}"] = (close > average * (1 + 1e-6)).where(average.notna()).astype("float64")
        before = close.shift().rolling(251)
        mark["has_year"] = pd.Series(np.arange(len(close)) >= 251, close.index)
        mark |= {"highs": close > before.max(), "lows": close < before.min()}
        marks.append(pd.DataFrame(mark))
    every = pd.concat(marks).groupby(level=0)
    expected = every.sum()
    shares = [f"above_{window}" for window in breadth.AVERAGES]
    expected[shares] = every[shares].mean()
    expected.loc[every["has_year"].mean() < 0.5, ["highs", "lows"]] = np.nan
    expected.index = pd.DatetimeIndex(expected.index).as_unit("ns")
    expected["advance_decline"] = (expected["advancers"] - expected["decliners"]).cumsum()
    found = breadth.daily(panel)
    assert expected[["highs", "lows"]].sum().gt(0).all()
    pd.testing.assert_frame_equal(
        found.astype("float64"), expected[found.columns].astype("float64"), check_names=False, check_freq=False
    )


@pytest.mark.parametrize("mark", get_args(breadth.Mark))
def test_the_tickers_behind_a_number_of_any_session_are_as_many_as_were_counted_and_the_same_as_on_that_day(
    panel: Panel, mark: breadth.Mark
) -> None:
    counted = breadth.daily(panel)[mark]
    numbers = []
    for session in range(0, len(panel.sessions), 7):
        which = breadth.members(panel, mark, session)
        assert np.array_equal(which, breadth.members(panel.as_of(panel.sessions[session]), mark))
        expected = counted.iloc[session]
        if mark.startswith("above"):  # a share of the tickers that have an average
            expected *= ((panel.at == session) & (panel.rank >= int(mark.removeprefix("above_")) - 1)).sum()
        if mark.startswith("above") or not np.isnan(expected):
            assert which.sum() == (0 if np.isnan(expected) else pytest.approx(expected))
        numbers.append(which.sum())
    assert max(numbers) > 0


def test_industries_are_the_plain_means_of_the_tickers_that_traded_on_the_last_session(
    made: dict[str, pd.DataFrame], panel: Panel
) -> None:
    end = pd.Timestamp(panel.sessions[-1])
    found = breadth.industries(panel)
    for number, industry in enumerate(INDUSTRIES):
        members = [bars for bars in list(made.values())[number::3] if len(bars) and bars.index[-1] == end]
        assert found.loc[industry, "tickers"] == len(members)
        days = [change_of(bars, "1D", end) for bars in members]
        assert found.loc[industry, "rising"] == pytest.approx(np.mean([change > 0 for change in days]))
        for span in SPANS:
            assert found.loc[industry, span] == pytest.approx(
                np.nanmean([change_of(bars, span, end) for bars in members])
            )


def test_an_equal_weighted_industry_grows_by_the_mean_of_its_tickers(
    made: dict[str, pd.DataFrame], panel: Panel
) -> None:
    returns = [bars["close"].pct_change().rename(ticker) for ticker, bars in list(made.items())[1::3]]
    mean = pd.concat(returns, axis=1, sort=True).mean(axis=1).reindex(pd.DatetimeIndex(panel.sessions)).fillna(0.0)
    found = breadth.equal_weighted(panel, INDUSTRIES[1])
    assert np.allclose(found, (1 + mean).cumprod(), rtol=1e-9)


@pytest.mark.parametrize("day", ["2023-12-31", "2024-01-02", "2024-06-14", "2025-05-01"])
def test_as_of_a_past_day_the_answers_are_those_of_a_market_without_a_future(
    made: dict[str, pd.DataFrame], panel: Panel, day: str
) -> None:
    then = panel.as_of(np.datetime64(day))
    past = panel_of({ticker: bars[bars.index <= day] for ticker, bars in made.items()})
    for span in SPANS:
        assert np.array_equal(breadth.changes(then, span), breadth.changes(past, span), equal_nan=True)
    pd.testing.assert_frame_equal(breadth.daily(then), breadth.daily(past))
    pd.testing.assert_frame_equal(breadth.industries(then), breadth.industries(past))
    whole = breadth.daily(panel)
    assert np.allclose(breadth.daily(then), whole.loc[:day], equal_nan=True)
