"""Which tickers a condition holds for, against pandas, on real prices, as of many days."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from finance_core import i18n
from finance_core.bars import candles, evaluation, outcomes, screen
from finance_core.bars import panel as panels
from finance_core.bars.conditions import parse
from finance_core.bars.panel import FIELDS, Panel
from finance_core.bars.screen import READY
from finance_core.i18n import LANGUAGES, Language
from tests import pages
from tests.bars.test_fields import panel_of


def _rsi(close: "pd.Series[float]", window: int) -> "pd.Series[float]":
    """Wilder's, by its definition: a mean first, then 13/14 of the last average and 1/14 of the new move."""
    move = close.diff()
    result = []
    rise = fall = float("nan")
    for position, change in enumerate(move):
        if position == window:
            rise, fall = move[1 : window + 1].clip(lower=0).mean(), -move[1 : window + 1].clip(upper=0).mean()
        elif position > window:
            rise = (rise * (window - 1) + max(change, 0)) / window
            fall = (fall * (window - 1) + max(-change, 0)) / window
        result.append(100 * rise / (rise + fall) if rise + fall else float("nan"))
    return pd.Series(result, index=close.index)


def _ma(bars: pd.DataFrame, window: int) -> "pd.Series[float]":
    return bars["close"].rolling(window).mean()


def _golden(bars: pd.DataFrame) -> "pd.Series[bool]":
    above = _ma(bars, 20) > _ma(bars, 60)
    known = _ma(bars, 60).notna()
    crossed = above & ~above.shift(1, fill_value=False) & known.shift(1, fill_value=False)
    return crossed.rolling(3, min_periods=1).max() > 0


def _rebound(bars: pd.DataFrame) -> "pd.Series[bool]":
    low = bars["low"].rolling(250).min()
    known = low.notna().rolling(20).sum() == 20
    return known & ((bars["low"] <= low).rolling(20).sum() >= 1) & (bars["close"] >= 1.1 * low * (1 - 1e-12))


def _pullback(bars: pd.DataFrame) -> "pd.Series[bool]":
    short, long = _ma(bars, 20), _ma(bars, 60)
    fallen = bars["close"] / bars["high"].rolling(20).max() - 1 <= -0.05 + 1e-12
    near = (bars["low"] <= 1.02 * short * (1 + 1e-12)) & (bars["close"] >= 0.98 * short * (1 - 1e-12))
    return (short > long) & (long > long.shift(20)) & fallen & near


BY_PANDAS: dict[str, Callable[[pd.DataFrame], "pd.Series[bool]"]] = {
    "new_high": lambda bars: bars["high"] >= bars["high"].rolling(250).max(),
    "golden_cross": _golden,
    "volume_surge": lambda bars: bars["volume"] > 3 * bars["volume"].rolling(20).mean().shift(1) * (1 + 1e-12),
    "low_rebound": _rebound,
    "oversold": lambda bars: _rsi(bars["close"], 14) < 30,
    "aligned": lambda bars: (
        (_ma(bars, 5) > _ma(bars, 20)) & (_ma(bars, 20) > _ma(bars, 60)) & (_ma(bars, 60) > _ma(bars, 120))
    ),
    "pullback": _pullback,
}


@pytest.fixture(scope="module")
def real() -> dict[str, pd.DataFrame]:
    return {ticker: candles.clean(table)[0] for ticker, table in pages.real_tables().items()}


def _judged(tables: dict[str, pd.DataFrame], day: pd.Timestamp) -> set[str]:
    """Tickers that traded within four days of the last session up to `day`, and on their own last day."""
    then = {ticker: table.loc[:day] for ticker, table in tables.items()}
    newest = max(table.index[-1] for table in then.values() if len(table))
    fresh = {ticker: table for ticker, table in then.items() if table.index[-1] >= newest - pd.Timedelta(4, "D")}
    return {
        ticker
        for ticker, table in fresh.items()
        if table["volume"].iloc[-1] or table["high"].iloc[-1] > table["low"].iloc[-1]
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["golden_cross", "골든크로스", "Golden cross", " golden CROSS "])
def test_a_ready_condition_has_its_names_in_every_language(name: str, language: Language) -> None:
    i18n.use_language(language)
    assert screen.rule_of(name) == READY["golden_cross"].rule


@pytest.mark.slow
@pytest.mark.parametrize("name", READY)
def test_a_ready_screen_is_what_pandas_finds_on_fifty_days(real: dict[str, pd.DataFrame], name: str) -> None:
    panel = panel_of(real)
    expected = {ticker: BY_PANDAS[name](table) for ticker, table in real.items()}
    tree = parse(READY[name].rule)
    days = pd.DatetimeIndex(panel.sessions)[-250::5]
    assert len(days) == 50
    hits = 0
    for day in days:
        result = screen.screen(panel, tree, day.to_datetime64())
        judged = _judged(real, day)
        assert set(result.tickers) == {ticker for ticker in judged if expected[ticker].loc[:day].iloc[-1]}, day
        assert result.judged + sum(map(len, result.unjudged.values())) == len(real)
        hits += len(result.tickers)
    assert hits > 0, "or nothing was compared"


@pytest.mark.parametrize("name", READY)
def test_no_bar_after_the_day_is_touched(real: dict[str, pd.DataFrame], name: str) -> None:
    day = np.datetime64("2025-03-04")
    poisoned = {ticker: table.astype("float64") for ticker, table in real.items()}
    for table in poisoned.values():
        table.loc[table.index > pd.Timestamp(day)] = np.nan
    tree = parse(READY[name].rule)
    result, after = (screen.screen(panel_of(tables), tree, day) for tables in (real, poisoned))
    assert result.tickers == after.tickers
    assert result.unjudged == after.unjudged
    for column, values in result.columns.items():
        assert np.array_equal(values, after.columns[column], equal_nan=True)
    followed, then = (outcomes.outcomes(panel_of(tables), tree, day) for tables in (real, poisoned))
    np.testing.assert_equal(followed, then)


DAYS = pd.bdate_range("2024-01-02", periods=80)


def _flat(count: int = 80, **columns: object) -> pd.DataFrame:
    close = 100.0 + np.arange(count)
    table = pd.DataFrame(dict.fromkeys(FIELDS, close), index=DAYS[-count:])
    return table.assign(high=close + 1, low=close - 1, volume=10.0, **columns)


@pytest.fixture
def mixed() -> Panel:
    halted = _flat()
    halted.iloc[-1, [1, 2, 4]] = [halted["close"].iloc[-1], halted["close"].iloc[-1], 0.0]
    panel = panel_of(
        {
            "good": _flat(),
            "short": _flat(10),
            "halted": halted,
            "stale": _flat().iloc[:-10],
            "sample": _flat(),
            "none": _flat().iloc[:0],
            "odd": _flat().iloc[:0],
            "flat": _flat(open=0.0),
        }
    )
    source = np.array(["sample" if ticker == "sample" else "yahoo" for ticker in panel.tickers], dtype=object)
    return replace(panel, texts={"source": source}, unreadable=frozenset(["odd"]))


def test_a_text_that_no_ticker_has_is_named_with_those_that_there_are() -> None:
    groups = np.array(["AI · 반도체", "은행", " "], dtype=object)
    panel = replace(panel_of({"a": _flat(), "b": _flat(), "c": _flat()}), texts={"group": groups})
    result = screen.screen(panel, parse('group == "은행" or "반도" in group or group == "없는 목록"'))
    assert result.tickers == ("a", "b")
    assert result.remarks() == ['group == "없는 목록": 그런 종목이 하나도 없습니다. 있는 것: AI, 반도체, 은행']
    assert screen.screen(panel, parse('industry == "은행"')).remarks() == [
        'industry == "은행": 그런 종목이 하나도 없습니다.'
    ]
    assert not screen.screen(panel, parse('group != "없는 목록"')).remarks()
    assert screen.screen(panel, parse('group == "ai"')).tickers == ("a",), "one of its lists"
    assert screen.screen(panel, parse('group != "AI"')).tickers == ("b", "c")
    for text in ("AI · 반도체", "ai · 반도체"):
        assert screen.screen(panel, parse(f'"{text}" == group')).tickers == ("a",), "a list may be called so"
    assert screen.screen(panel, parse('group == "은행 · AI"')).tickers == ()
    empty = replace(panel_of({"a": _flat(), "b": _flat().iloc[:0]}), texts={"group": groups[:2]})
    assert not screen.screen(empty, parse('group == "은행"')).remarks(), "it has no bars, but is there"


def test_no_ticker_is_dropped_without_a_reason(mixed: Panel) -> None:
    result = screen.screen(mixed, parse("close > ma20 and close / open > 0"))
    assert result.tickers == ("good",)
    assert result.judged == 1
    assert result.unjudged == {
        "sample": ("sample",),
        "conflict": ("odd",),
        "no bars": ("none",),
        "stale": ("stale",),
        "halted": ("halted",),
        "too few bars": ("short",),
        "unknown": ("flat",),
    }
    assert list(result.columns) == ["close", "change1", "ma20", "open"]
    assert result.columns["close"].tolist() == [179.0]


def test_a_ticker_whose_bars_end_before_the_panel_is_old_and_not_without_bars(mixed: Panel) -> None:
    listed = np.full(len(mixed.tickers), np.datetime64("2001-01-02"))
    listed[mixed.tickers.index("odd")] = mixed.sessions[-1] + 1  # nobody knew it that day
    panel = replace(mixed, listed=listed, unreadable=frozenset())
    result = screen.screen(panel, parse("close > ma20 and close / open > 0"))
    assert result.unjudged["stale"] == ("stale", "none")
    assert result.unjudged["no bars"] == ("odd",)
    assert result.unjudged["gap"] == ("short",), "it has bars, but not in the time of the panel"


@pytest.mark.parametrize(
    "closes", [(232_000, 236_000, 230_000, 236_000, 233_500), (59_100, 59_800, 59_200, 59_900, 59_500)]
)
@pytest.mark.parametrize("rule", ["from_ma5 > 0", "from_ma5 < 0", "close - ma5 != 0", "close > ma5", "close < ma5"])
def test_a_close_at_its_average_is_neither_above_nor_below_it(closes: tuple[float, ...], rule: str) -> None:
    """Real closes whose average is exactly the last one, while its quotient is not exactly 1."""
    table = _flat(5).assign(close=closes)
    assert screen.screen(panel_of({"A": table}), parse(rule)).tickers == ()
    assert screen.screen(panel_of({"A": table}), parse(f"not ({rule})")).tickers == ("A",)


def test_a_day_before_a_jump_does_not_know_it() -> None:
    days = np.arange("2024-01-01", "2024-01-31", dtype="datetime64[D]")
    close = np.concatenate([np.linspace(10, 12, 20), np.linspace(120, 121, 10)])
    panel = panels.of({"A": (days, dict.fromkeys(FIELDS, close))}, jumps={"A": np.array([20])})
    rule = parse("change10 > 0")
    for day, expected in ((19, ("A",)), (20, ()), (29, ())):
        result = screen.screen(panel, rule, days[day])
        assert result.tickers == expected
        assert result.unjudged == ({} if expected else {"jump": ("A",)})
    assert [each.days for each in outcomes.outcomes(panel, parse("close > 0"))] == [20 - 5 + 10 - 5, 0, 0]


def test_a_screen_of_a_day_before_all_bars_finds_nothing(mixed: Panel) -> None:
    for panel, day in ((mixed, np.datetime64("2000-01-01")), (panels.of({}), None)):
        result = screen.screen(panel, parse("crossed_above(rsi14, 30, 5) and macd > 0"), day)
        assert (result.day, result.tickers, result.judged) == (None, (), 0)
        assert [each.days for each in outcomes.outcomes(panel, parse("close > ma20"), day)] == [0, 0, 0]


def test_every_ready_screen_is_written_as_it_is_read() -> None:
    for ready in READY.values():
        assert str(parse(ready.rule)).replace("change1", "change") == ready.rule
        assert evaluation.bars_needed(parse(ready.rule)) <= 300


def test_what_happened_next_is_what_pandas_finds(real: dict[str, pd.DataFrame]) -> None:
    tree = parse("change < -5%")
    for outcome in outcomes.outcomes(panel_of(real), tree):
        moves, usual = [], []
        for table in real.values():
            close = table["close"]
            traded = (table["volume"] > 0) | (table["high"] > table["low"])
            later = close.shift(-outcome.sessions) / close - 1
            usual.append(later[traded & close.pct_change().notna()].dropna())
            moves.append(later[(close.pct_change() < -0.05 - 1e-12) & traded].dropna())
        after = pd.concat(moves)
        assert outcome.days == len(after) > 20
        assert outcome.tickers == sum(len(each) > 0 for each in moves)
        expected = [*after.quantile([0.25, 0.5, 0.75]), (after > 0).mean(), pd.concat(usual).median()]
        np.testing.assert_allclose(outcome[3:], expected, rtol=1e-12)


@pytest.mark.parametrize(
    "condition", ["close < bollinger_upper(20, 2)", "close > bollinger_lower(20, 2)", "volatility20 > 0"]
)
def test_a_ticker_that_does_not_move_has_no_deviation_whatever_moves_beside_it(condition: str) -> None:
    moves = np.random.default_rng(1).normal(0, 0.01, (8, 60))
    for closes in 2000 * np.exp(moves.cumsum(axis=1)):
        panel = panel_of({"A": _flat(60, close=closes), "B": _flat(60, close=2000.0)})
        assert screen.screen(panel, parse(condition)).tickers == ("A",)
