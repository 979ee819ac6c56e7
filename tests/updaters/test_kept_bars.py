"""Stored bars that Yahoo's history lacks: they stay where the rest of the history agrees, or nothing is changed."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from finance_core.bars import candles, sessions
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.updaters.test_late_splits import evening
from tests.updaters.updating import Ran, actions_of, bars_of, metadata, register, run
from tests.yahoo import COLUMNS, Listing, YahooStandIn, random_walk
from updaters import histories, ticker_update

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient", "data_dir")]

DAYS = sessions.between("XKRX", dt.date(2022, 1, 3), dt.date(2022, 12, 29))
STORED, LACKING = 200, 15
WHOLE = random_walk(DAYS, seed=5)


def import_bars(db: MongoDatabase, bars: pd.DataFrame) -> None:
    """Store `bars` as an import of a person's does."""
    register(db, "005930")
    whole = candles.clean(bars.assign(dividends=0.0, stock_splits=0.0).rename_axis("date"))[0]
    prices.write(db, KOREAN_STOCKS, "005930", whole)
    state = prices.state_of(KOREAN_STOCKS, whole)
    tickers.record(db, KOREAN_STOCKS, "005930", {**state, "source": "import", "bars_changed_at": tickers.now()})


def update(db: MongoDatabase, yahoo: YahooStandIn, listing: Listing, night: int, *, full: bool = True) -> Ran:
    """A run on the evening of the session `night`, when Yahoo has `listing`."""
    yahoo.listings["005930.KS"] = listing
    return run(db, "005930", full=full, now=lambda: evening(DAYS[night]))


def stored(db: MongoDatabase) -> pd.DataFrame:
    return prices.as_stored(db, KOREAN_STOCKS, "005930")[COLUMNS].astype(float)


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one.index.equals(other.index) and np.allclose(one.to_numpy(), other.to_numpy(), rtol=1e-6)


def test_days_that_a_person_imported_and_yahoo_lacks_stay(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    import_bars(db, WHOLE.iloc[:STORED])

    for night in range(STORED, STORED + 3):
        ran = update(db, yahoo, Listing(WHOLE.iloc[LACKING : night + 1]), night)

        assert (ran.failures, ran.added, ran.replaced, ran.removed) == ([], 1, 0, 0)
        assert same(stored(db), WHOLE.iloc[: night + 1])
    row = metadata(db)
    assert (row["first_date"], row["bar_count"], row["source"]) == (DAYS[0].to_pydatetime(), STORED + 3, "yahoo")
    assert "missing" not in row


def test_a_stored_day_without_a_close_is_no_reason_to_refuse_a_history(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    import_bars(db, WHOLE.iloc[:STORED])
    of_day = {"ticker": "005930", "date": DAYS[100].to_pydatetime()}
    db["korean_stocks"].update_one(of_day, {"$set": {"open": 0.0, "high": 0.0, "low": 0.0, "close": None}})

    ran = update(db, yahoo, Listing(WHOLE.iloc[LACKING : STORED + 1]), STORED)

    assert (ran.failures, ran.added, ran.replaced) == ([], 1, 1)
    assert same(stored(db), WHOLE.iloc[: STORED + 1])


def test_a_history_that_lacks_days_and_brings_nothing_new_is_not_written(
    db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sparse = WHOLE.iloc[:STORED].assign(open=np.nan, high=np.nan, low=np.nan)
    import_bars(db, sparse)
    listing = Listing(WHOLE.iloc[LACKING:STORED])
    assert update(db, yahoo, listing, STORED - 1).replaced == STORED - LACKING
    before = list(db["korean_stocks"].find())
    monkeypatch.setattr(ticker_update, "_in_one_piece", None)

    assert update(db, yahoo, listing, STORED - 1).failures == []

    assert list(db["korean_stocks"].find()) == before


@pytest.mark.parametrize("full", [True, False])
def test_a_split_is_applied_to_days_that_yahoo_lacks(db: MongoDatabase, yahoo: YahooStandIn, full: bool) -> None:
    import_bars(db, WHOLE.iloc[:STORED])
    restated = WHOLE.iloc[: STORED + 1].assign(volume=WHOLE["volume"] * 5)
    restated[candles.PRICES] /= 5

    ran = update(db, yahoo, Listing(restated[LACKING:], splits={DAYS[STORED].date(): (5, 1)}), STORED, full=full)

    assert (ran.failures, ran.added, ran.replaced, ran.removed) == ([], 1, STORED, 0)
    assert same(stored(db), restated)
    assert bars_of(db)["close"].pct_change().abs().max() < 0.15


def test_a_split_that_yahoo_applies_days_later_is_applied_to_days_that_it_lacks_too(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    import_bars(db, WHOLE.iloc[:STORED])
    late = WHOLE.iloc[: STORED + 2].copy()
    late.loc[DAYS[STORED] :, candles.PRICES] /= 5
    splits = {DAYS[STORED].date(): (5, 1)}
    assert not update(db, yahoo, Listing(late[LACKING:], splits=splits), STORED + 1).failures
    assert same(stored(db), late)
    restated = WHOLE.iloc[: STORED + 3].copy()
    restated.loc[: DAYS[STORED - 1], "volume"] *= 5
    restated[candles.PRICES] /= 5

    ran = update(db, yahoo, Listing(restated[LACKING:], splits=splits), STORED + 2, full=False)

    assert (ran.failures, ran.removed) == ([], 0)
    assert same(stored(db), restated)
    assert actions_of(db, "stock_splits") == {DAYS[STORED]: 5.0}


def test_another_instrument_under_the_symbol_of_imported_bars_does_not_replace_them(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    oil = WHOLE.iloc[:STORED]
    import_bars(db, oil)
    company = (random_walk(DAYS, seed=6) / 30).round(2)

    for full in (False, True):
        (failure,) = update(db, yahoo, Listing(company.iloc[: STORED + 1]), STORED, full=full).failures

        assert "다른 종목" in str(failure.error)
        assert same(stored(db), oil)
    assert metadata(db)["source"] == "import"


@given(
    seed=st.integers(0, 1_000),
    size=st.floats(0.5, 2e4),
    split=st.sampled_from([1, 2, 50]),
    decimals=st.integers(-2, 4),
    apart=st.floats(0, 0.003),
)
def test_bars_that_differ_by_splits_dividends_rounding_or_the_hour_are_of_one_instrument(
    seed: int, size: float, split: int, decimals: int, apart: float
) -> None:
    random = np.random.default_rng(seed)
    bars = random_walk(DAYS, seed).assign(stock_splits=0.0)
    bars["close"] *= size / 50_000
    factors = np.ones(len(DAYS))
    factors[: random.integers(len(DAYS))] *= split
    for day in random.integers(len(DAYS), size=4):
        factors[:day] *= random.uniform(0.9, 1)
    hour = 1 + random.uniform(-apart, apart, len(DAYS))  # of another source
    stored = bars.assign(close=(bars["close"] * factors * hour).round(decimals))

    histories.refuse_another_instrument(stored, bars)


@given(seed=st.integers(0, 1_000), size=st.floats(1.5, 1_000), upside_down=st.booleans())
def test_two_instruments_of_another_size_are_told_apart(seed: int, size: float, upside_down: bool) -> None:
    one, other = (random_walk(DAYS, seed + more).assign(stock_splits=0.0) for more in (0, 2_000))
    other["close"] *= (1 / size if upside_down else size) * np.median(one["close"]) / np.median(other["close"])
    assume(abs(np.log((other["close"] / one["close"]).median())) > 0.2)

    with pytest.raises(histories.HistoryRefused):
        histories.refuse_another_instrument(one, other)


@pytest.mark.parametrize("gap", [slice(80, 95), slice(0, 15)], ids=["hole", "beginning"])
def test_a_history_that_lacks_days_and_has_other_prices_changes_nothing(
    db: MongoDatabase, yahoo: YahooStandIn, gap: slice
) -> None:
    update(db, yahoo, Listing(WHOLE.iloc[:STORED]), STORED - 1)
    before = list(db["korean_stocks"].find())
    other = WHOLE.iloc[:STORED].copy()
    other.loc[: DAYS[gap.stop], candles.PRICES] *= 0.8  # only the days beside those that are lacking

    (failure,) = update(db, yahoo, Listing(other.drop(DAYS[gap])), STORED).failures

    assert "저장된 봉 15개가 Yahoo의 이력에 없고" in str(failure.error)
    assert list(db["korean_stocks"].find()) == before


def test_a_history_that_ends_before_the_last_stored_bar_changes_nothing(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    update(db, yahoo, Listing(WHOLE.iloc[:STORED]), STORED - 1)
    before = list(db["korean_stocks"].find())

    (failure,) = update(db, yahoo, Listing(WHOLE.iloc[: STORED - 15]), STORED).failures

    assert f"({DAYS[STORED - 1].date()})보다 이른 {DAYS[STORED - 16].date()}에 끝나서" in str(failure.error)
    assert list(db["korean_stocks"].find()) == before


def test_a_hole_in_an_answer_removes_no_bars(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    update(db, yahoo, Listing(WHOLE.iloc[:STORED]), STORED - 1)
    corrected = WHOLE.iloc[: STORED + 1].copy()
    corrected.loc[DAYS[20], "close"] *= 1.01

    ran = update(db, yahoo, Listing(corrected.drop(DAYS[80:95])), STORED)

    assert (ran.failures, ran.added, ran.replaced, ran.removed) == ([], 1, 1, 0)
    assert same(stored(db), corrected)


def test_one_day_that_yahoo_takes_back_goes_but_not_a_persons(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    import_bars(db, WHOLE.iloc[:STORED])
    without = Listing(WHOLE.iloc[: STORED + 1].drop(DAYS[80]))
    assert update(db, yahoo, without, STORED).removed == 0
    tickers.record(db, KOREAN_STOCKS, "005930", {"source": "yahoo"})

    assert update(db, yahoo, without, STORED).removed == 1


def test_bars_of_closed_days_go_where_yahoo_does_not_send_them(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    saturdays = DAYS[DAYS.day_of_week == 4][:4] + pd.Timedelta(days=1)
    odd = pd.concat([WHOLE.iloc[:STORED], WHOLE.iloc[:4].set_axis(saturdays)]).sort_index()
    import_bars(db, odd)

    ran = update(db, yahoo, Listing(WHOLE.iloc[:STORED]), STORED - 1)

    assert (ran.failures, ran.removed) == ([], 4)
    assert same(stored(db), WHOLE.iloc[:STORED])


def test_a_broken_rewrite_leaves_days_that_yahoo_lacks_as_they_are(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    import_bars(db, WHOLE.iloc[:STORED])
    tickers.record(db, KOREAN_STOCKS, "005930", {"rewriting": True})
    before = list(db["korean_stocks"].find())

    (failure,) = update(db, yahoo, Listing(WHOLE.iloc[LACKING:STORED]), STORED - 1).failures

    assert "저장된 봉 15개가" in str(failure.error)
    assert list(db["korean_stocks"].find()) == before


# The rotation


@pytest.fixture
def two_of_six_are_lacking(db: MongoDatabase, yahoo: YahooStandIn) -> list[str]:
    """Six tickers, of which Yahoo has two only in part: it has less than half of the bars that a person imported."""
    names = [f"{number:06}" for number in range(6)]
    for name in names:
        register(db, name)
    show(yahoo, names, STORED - 1, since=0)
    assert run(db, by_quotes=False, now=lambda: evening(DAYS[STORED - 1])).failures == []
    db["ticker_metadata"].update_many({}, {"$unset": {"verified_at": ""}})
    return names


def show(yahoo: YahooStandIn, names: list[str], night: int, since: int = 120) -> None:
    for number, name in enumerate(names):
        bars = random_walk(DAYS, seed=number).iloc[since if number < 2 else 0 : night + 1]
        yahoo.listings[f"{name}.KS"] = Listing(bars)
    yahoo.clear()


def test_tickers_that_yahoo_has_in_part_get_their_new_bars_and_stop_no_others(
    db: MongoDatabase, yahoo: YahooStandIn, two_of_six_are_lacking: list[str]
) -> None:
    names, told = two_of_six_are_lacking, []
    for night in range(STORED, STORED + len(names) + 2):
        show(yahoo, names, night)
        ran = run(db, by_quotes=False, now=lambda night=night: evening(DAYS[night]))
        told += [(failure.ticker, str(failure.error)) for failure in ran.failures]
        assert (ran.state, ran.added, ran.removed) == ("done", len(names), 0)
        assert len([request for request in yahoo.requests if request.symbol]) == len(names), "no request more"

    assert {name for name in names if "verified_at" not in metadata(db, name)} == set(names[:2])
    assert [ticker for ticker, _why in told] == [*names[:2], names[0], names[1]]
    assert "훨씬 짧은 이력(81개)" in told[0][1]
    row = metadata(db, names[1])
    assert (row["last_status"], row["last_error"]) == ("ok", told[3][1])
    assert row["bar_count"] == STORED + len(names) + 2


def test_a_person_who_asks_for_the_whole_history_is_told_and_nothing_is_stored(
    db: MongoDatabase, yahoo: YahooStandIn, two_of_six_are_lacking: list[str]
) -> None:
    name = two_of_six_are_lacking[0]
    show(yahoo, [name], STORED)

    ran = run(db, name, full=True, now=lambda: evening(DAYS[STORED]))

    assert (ran.added, len(ran.failures), metadata(db, name)["last_status"]) == (0, 1, "failed")


def test_a_history_with_a_missing_session_that_is_refused_is_asked_for_ever_less_often(
    db: MongoDatabase, yahoo: YahooStandIn, two_of_six_are_lacking: list[str]
) -> None:
    name = two_of_six_are_lacking[0]
    tickers.record(db, KOREAN_STOCKS, name, {"missing": [DAYS[10].to_pydatetime()]})
    refused = []
    for night in range(STORED, STORED + 20):
        show(yahoo, [name], night)
        refused.append(len(run(db, name, now=lambda night=night: evening(DAYS[night])).failures))

    assert sum(refused) <= 5
    assert metadata(db, name)["bar_count"] == STORED + 20
