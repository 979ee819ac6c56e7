"""Bars of a whole market at once."""

import itertools

import numpy as np
import pandas as pd
import pytest

from finance_core.bars import panel as panels
from finance_core.bars.panel import FIELDS, Panel, TickerBars

DAYS = np.arange("2024-01-02", "2024-01-12", dtype="datetime64[D]")


def flat(close: list[float], volume: float = 10.0) -> dict[str, list[float]]:
    prices: dict[str, list[float]] = {name: list(close) for name in FIELDS}
    return prices | {"volume": [volume] * len(close)}


def frame_of(panel: Panel, ticker: str) -> pd.DataFrame:
    """The bars of one ticker, indexed by day."""
    position = panel.tickers.index(ticker)
    of_ticker = slice(panel.starts[position], panel.starts[position + 1])
    index = pd.DatetimeIndex(panel.sessions[panel.at[of_ticker]], name="date").as_unit("ns")
    return pd.DataFrame({name: values[of_ticker] for name, values in panel.bars.items()}, index=index)


@pytest.fixture
def panel() -> Panel:
    bars: dict[str, TickerBars] = {
        "whole": (DAYS, flat([float(10 + day) for day in range(10)])),
        "gap": (DAYS[[0, 1, 5, 9]], flat([1.0, 2.0, 3.0, 4.0])),
        "gone": (DAYS[:3], flat([5.0, 6.0, 7.0])),
        "none": (DAYS[:0], flat([])),
    }
    return panels.of(bars)


def test_a_panel_aligns_the_days_of_all_tickers(panel: Panel) -> None:
    assert panel.sessions.tolist() == DAYS.tolist()
    matrix = panel.matrix("close")
    assert matrix.shape == (10, 4)
    assert matrix[:, 0].tolist() == [float(10 + day) for day in range(10)]
    assert np.flatnonzero(~np.isnan(matrix[:, 1])).tolist() == [0, 1, 5, 9]
    assert np.isnan(matrix[:, 3]).all()
    assert frame_of(panel, "gap")["close"].to_dict() == dict(
        zip(map(_stamp, (0, 1, 5, 9)), [1.0, 2.0, 3.0, 4.0], strict=True)
    )


def _stamp(day: int) -> object:
    return pd.Timestamp(DAYS[day])


@pytest.mark.parametrize("day", range(-1, 11))
def test_as_of_a_past_day_no_later_bar_is_touched(panel: Panel, day: int) -> None:
    end = DAYS[0] + np.timedelta64(day, "D")
    poisoned = panels.of(
        {
            ticker: (panel.sessions[panel.at[cut]], {name: _poison(panel, name, cut, end) for name in FIELDS})
            for ticker, cut in zip(panel.tickers, _cuts(panel), strict=True)
        }
    )
    then, poisoned_then = panel.as_of(end), poisoned.as_of(end)
    assert then.sessions.tolist() == [each for each in DAYS.tolist() if each <= end.item()]
    for name in FIELDS:
        assert np.array_equal(then.bars[name], poisoned_then.bars[name])
        assert np.isfinite(then.bars[name]).all()
    assert then.starts.tolist() == poisoned_then.starts.tolist()


def _cuts(panel: Panel) -> list[slice]:
    return [slice(first, last) for first, last in zip(panel.starts[:-1], panel.starts[1:], strict=True)]


def _poison(panel: Panel, name: str, cut: slice, end: np.datetime64) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = panel.bars[name][cut].copy()
    values[panel.sessions[panel.at[cut]] > end] = np.nan
    return values


def test_a_cut_panel_is_the_panel_of_those_days(panel: Panel) -> None:
    later = panel.since(DAYS[2]).as_of(DAYS[8])
    assert later.sessions.tolist() == DAYS[2:9].tolist()
    assert frame_of(later, "gap")["close"].tolist() == [3.0]
    assert frame_of(later, "gone")["close"].tolist() == [7.0]
    assert frame_of(later, "whole")["close"].tolist() == [float(10 + day) for day in range(2, 9)]
    assert later.last.tolist()[3] == -1


def test_a_ticker_is_replaced_without_the_others(panel: Panel) -> None:
    new = DAYS[-1] + np.timedelta64(1, "D")
    changed: dict[str, TickerBars] = {"gone": (np.array([new]), flat([8.0])), "new": (DAYS[:1], flat([1.0]))}
    after = panels.replaced(panel, [panels.of(changed)], ["new", "whole", "gone"])
    assert after.tickers == ("new", "whole", "gone")
    assert frame_of(after, "whole").equals(frame_of(panel, "whole"))
    assert frame_of(after, "gone")["close"].tolist() == [8.0]
    assert after.sessions[-1] == new


def test_the_last_splits_follow_their_tickers_and_are_known_of_all_or_of_none() -> None:
    def made(day: int, **split: int) -> Panel:
        bars: dict[str, TickerBars] = dict.fromkeys("ab", (DAYS[day:], flat([1.0] * (10 - day))))
        return panels.of(bars, split={ticker: DAYS[at] for ticker, at in split.items()})

    before, after = made(0, a=3, b=4), made(5, b=7).only(np.array([False, True]))
    merged = panels.replaced(before, [after], ["b", "new", "a"])
    assert merged.split is not None
    assert merged.split.tolist() == [DAYS[7].item(), None, DAYS[3].item()]
    assert panels.replaced(before, [panels.of({"b": (DAYS, flat([1.0] * 10))})], ["a", "b"]).split is None


def test_jumps_stay_at_their_bars_whatever_becomes_of_the_panel() -> None:
    days = np.arange("2026-01-01", "2026-01-11", dtype="datetime64[D]")
    # Each close says after how many jumps it is.
    closes = {"a": [0.0] * 3 + [1.0] * 7, "none": [], "b": [0.0] * 10, "c": [0.0, 1.0, 2.0, 2.0, 2.0]}
    bars: dict[str, TickerBars] = {ticker: (days[: len(each)], flat(each)) for ticker, each in closes.items()}
    panel = panels.of(bars, jumps={"a": np.array([3]), "c": np.array([1, 2])})

    def assert_right(panel: Panel) -> None:
        close = panel.bars["close"]
        before = np.concatenate([[np.nan], close[:-1]])[: len(close)]
        begins = np.flatnonzero(close != before)
        expected = sorted({*begins[~np.isin(begins, panel.starts)].tolist()})
        assert panel.jumps.tolist() == expected
        for at, ticker in enumerate(panel.tickers):
            own = close[panel.starts[at] : panel.starts[at + 1]].tolist()
            assert panel.starts[at + 1] - panel.last_piece[at] == own.count(own[-1]) if own else True, ticker

    assert_right(panel)
    for day in range(11):
        assert_right(panel.as_of(days[0] + day - 1))
        assert_right(panel.since(days[0] + day))
        assert_right(panel.tail(day))
    for which in itertools.product([True, False], repeat=4):
        assert_right(panel.only(np.array(which)))
    for order in itertools.permutations(["a", "none", "b", "c", "new"]):
        added = panels.of({"b": bars["c"], "new": bars["a"]}, jumps={"b": np.array([1, 2]), "new": np.array([3])})
        assert_right(panels.replaced(panel, [added], order))


def test_stale_and_halted_tickers_are_known() -> None:
    halted = flat([5.0] * 10) | {"volume": [10.0] * 9 + [0.0]}
    rate = flat([5.0] * 10, volume=0.0)
    panel = panels.of(
        {
            "traded": (DAYS, flat([5.0] * 10)),
            "halted": (DAYS, halted),
            "rate": (DAYS, rate),
            "stale": (DAYS[:5], flat([1.0] * 5)),
            "weekend": (DAYS[:6], flat([1.0] * 6)),
            "none": (DAYS[:0], flat([])),
        }
    )
    assert dict(zip(panel.tickers, panel.stale().tolist(), strict=True)) == {
        "traded": False,
        "halted": False,
        "rate": False,
        "stale": True,
        "weekend": False,
        "none": True,
    }
    assert dict(zip(panel.tickers, panel.halted().tolist(), strict=True)) == {
        "traded": False,
        "halted": True,
        "rate": False,
        "stale": False,
        "weekend": False,
        "none": False,
    }
    assert panels.of({}).stale().tolist() == []
    assert panels.of({}).halted().tolist() == []
