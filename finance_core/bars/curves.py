"""The indicators that a visitor chose, and their values. `charts` draws them.

`compute` takes the float arrays of one ticker, `curves` a frame of bars of any interval. The screener computes the same
rows of `indicators.INDICATORS` for many tickers at once (see `field_values`).
"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from finance_core.bars.formulas import Floats
from finance_core.bars.indicator import Indicator, Line
from finance_core.bars.indicators import INDICATORS
from finance_core.categories import Average
from finance_core.i18n import _

MOST: Final = 12
"""Most indicators of one chart."""
MOST_PANES: Final = 4
"""Most indicators of one chart with a pane of their own."""
NONE: Final = "none"
"""Stands in a URL for no indicators."""
_TEXT: Final = re.compile(r"(\w{1,30})(?:\(([-+.\d,]{0,60})\))?", re.ASCII)


@dataclass(frozen=True)
class Chosen:
    """An indicator with its settings, as a visitor chose them."""

    key: str
    """Key of a row of `INDICATORS`."""
    values: tuple[float, ...] = ()
    """Its settings, in the order of `Indicator.settings`."""

    @property
    def indicator(self) -> Indicator:
        """Its row."""
        return INDICATORS[self.key]

    @property
    def text(self) -> str:
        """Its name in a URL.

        >>> Chosen("macd", (12, 26, 9)).text
        'macd(12,26,9)'
        """
        return f"{self.key}({','.join(map(_number, self.values))})" if self.values else self.key

    @property
    def label(self) -> str:
        """Its name in a legend and in the header of a table, in the running language.

        >>> Chosen("ma", (20,)).label, Chosen("macd", (12, 26, 9)).label
        ('MA20', 'MACD(12,26,9)')
        """
        numbers = ",".join(map(_number, self.values))
        return _(self.indicator.label) + (f"({numbers})" if len(self.values) > 1 else numbers)


class Curve(NamedTuple):
    """A line of an indicator with its values."""

    chosen: Chosen
    line: Line
    values: Floats
    """One for each bar, and for each bar to come, at the bar where a chart draws it."""

    @property
    def title(self) -> str:
        """Its name in the running language, unique on a chart."""
        name = _(self.line.name)
        return f"{self.chosen.label} {name}".rstrip()


def _number(value: float) -> str:
    return f"{value:.10g}"


def of_average(average: Average) -> Chosen:
    """A moving average of a category as a chosen indicator.

    >>> of_average(Average(20)).text
    'ma(20)'
    """
    return Chosen(average.kind, (average.window,))


def compute(chosen: Chosen, columns: Mapping[str, Floats]) -> tuple[Floats, ...]:
    """The values of each line of `chosen`, each at the last bar that it is computed from (see `drawn_at`).

    `columns` are the bars of one ticker by the names of `candles.COLUMNS`, all of one length. A bar that lacks an input
    has the value NaN, and a window skips it.

    >>> compute(Chosen("ma", (2,)), {"close": np.array([1.0, np.nan, 3.0, 5.0])})[0].tolist()
    [nan, nan, 2.0, 4.0]
    """
    row = chosen.indicator
    inputs = np.array([columns[name] for name in row.inputs], dtype="float64")
    is_bar = ~np.isnan(inputs).any(axis=0)
    if is_bar.all():
        return row.formula(*inputs, *chosen.values)
    results = tuple(np.full(len(is_bar), np.nan) for _line in row.lines)
    for result, values in zip(results, row.formula(*inputs[:, is_bar], *chosen.values), strict=True):
        result[is_bar] = values
    return results


def drawn_at(values: Floats, shift: int) -> Floats:
    """`values` moved `shift` bars later (earlier if negative); values beyond the first or the last bar are cut off.

    >>> drawn_at(np.array([1.0, 2.0, 3.0]), 1).tolist(), drawn_at(np.array([1.0, 2.0, 3.0]), -1).tolist()
    ([nan, 1.0, 2.0], [2.0, 3.0, nan])
    """
    result = np.full(len(values), np.nan)
    count = len(values) - abs(shift)
    if count > 0:
        result[max(shift, 0) :][:count] = values[max(-shift, 0) :][:count]
    return result


def curves(bars: pd.DataFrame, chosen: Iterable[Chosen], ahead: int = 0, jumps: Sequence[int] = ()) -> list[Curve]:
    """The lines of `chosen` over `bars` (as in `candles`, of any interval), in the order in which they are drawn.

    They are computed on all bars, so that the first bar of any visible window already has its values; but anew from
    each bar at the positions `jumps` (see `price_limit`). After the last bar, `ahead` bars to come follow: only lines
    that are drawn later than computed have values there.

    >>> [curve.title for curve in curves(pd.DataFrame({"close": [1.0, 2.0]}), [Chosen("bollinger", (20, 2))])]
    ['볼린저(20,2) 상단', '볼린저(20,2) 중심', '볼린저(20,2) 하단']
    """
    result = []
    pieces = list(itertools.pairwise(_pieces(bars, jumps)))
    for each in chosen:
        columns = {name: bars[name].to_numpy(dtype="float64") for name in each.indicator.inputs}
        parts = [compute(each, {name: column[slice(*piece)] for name, column in columns.items()}) for piece in pieces]
        for line, values in zip(each.indicator.lines, zip(*parts, strict=True), strict=True):
            shift = line.shift(*each.values)
            longer = [*values[:-1], np.append(values[-1], np.full(ahead, np.nan))]
            result.append(Curve(each, line, np.concatenate([drawn_at(part, shift) for part in longer])))
    return result


def _pieces(bars: pd.DataFrame, jumps: Sequence[int]) -> list[int]:
    """The first position of each piece of `bars` between jumps, and their number."""
    return [*dict.fromkeys([0, *jumps]), len(bars)]


def lead(chosen: Iterable[Chosen]) -> int:
    """How many bars the lines of `chosen` reach beyond the last bar.

    >>> lead([Chosen("ma", (20,)), Chosen("ichimoku", (9, 26, 52))])
    26
    """
    return max((line.shift(*each.values) for each in chosen for line in each.indicator.lines), default=0)


def undrawable(bars: pd.DataFrame, drawn: Sequence[Curve], jumps: Sequence[int] = ()) -> dict[Chosen, str]:
    """The indicators of `drawn` (curves of `bars`) that lack all values, or some lines; each with a sentence why.

    >>> bars = pd.DataFrame({"close": [1.0], "volume": [0]})
    >>> list(undrawable(bars, curves(bars, [Chosen("obv"), Chosen("rsi", (14,))])).values())
    ['OBV: 거래량이 없는 종목이라 그릴 것이 없습니다.', 'RSI14: 봉이 15개 있어야 하는데 1개뿐입니다.']
    """
    has_values = {curve.chosen for curve in drawn if not np.isnan(curve.values[: len(bars)]).all()}
    count = max(last - first for first, last in itertools.pairwise(_pieces(bars, jumps)))
    sentences = {}
    for each in dict.fromkeys(curve.chosen for curve in drawn):
        needed = each.indicator.warm_up(*each.values) + 1
        if "volume" in each.indicator.inputs and not bars["volume"].any():
            sentences[each] = _("{name}: 거래량이 없는 종목이라 그릴 것이 없습니다.").format(name=each.label)
        elif count < needed:
            sentence = _("{name}: 봉이 {needed}개 있어야 하는데 {count}개뿐입니다.")
            sentences[each] = sentence.format(name=each.label, needed=needed, count=count)
        elif each not in has_values:
            sentences[each] = _("{name}: 가격이 움직인 적이 없어 그릴 것이 없습니다.").format(name=each.label)
    return sentences


def parse(text: str) -> tuple[tuple[Chosen, ...], list[str]]:
    """The indicators in a text such as `rsi(14),macd(12,26,9)`, and a sentence for each part that cannot be used.

    An indicator without settings has the usual ones. An indicator that occurs twice counts once.

    >>> parse("rsi,macd(5,20,5)")[0]
    (Chosen(key='rsi', values=(14,)), Chosen(key='macd', values=(5, 20, 5)))
    """
    chosen: dict[Chosen, None] = {}
    problems = []
    parts = [] if text in ("", NONE) else re.split(r",(?![^(]*\))", text)
    for part in parts[:MOST]:
        try:
            chosen[_read(part.strip())] = None
        except ValueError as problem:
            problems.append(str(problem))
    if len(parts) > MOST:
        problems.append(_("지표는 {most}개까지 그립니다.").format(most=MOST))
    kept, panes = [], 0
    for each in chosen:
        panes += each.indicator.pane == "own"
        if each.indicator.pane != "own" or panes <= MOST_PANES:
            kept.append(each)
    if panes > MOST_PANES:
        problems.append(_("지표 창은 {most}개까지 엽니다.").format(most=MOST_PANES))
    return tuple(kept), problems


def text_of(chosen: Iterable[Chosen]) -> str:
    """The text of `chosen` in a URL.

    >>> text_of([Chosen("obv"), Chosen("rsi", (14,))]), text_of([])
    ('obv,rsi(14)', 'none')
    """
    return ",".join(each.text for each in chosen) or NONE


def usual(row: Indicator) -> Chosen:
    """An indicator with its usual settings."""
    return Chosen(row.key, tuple(setting.default for setting in row.settings))


def problem_of(chosen: Chosen) -> str:
    """A sentence about settings that do not go together; "" where they do."""
    row = chosen.indicator
    ordered = chosen.values[: row.ascending]
    for position, (lower, upper) in enumerate(itertools.pairwise(ordered)):
        if lower >= upper:
            names = {"lower": _(row.settings[position].name), "upper": _(row.settings[position + 1].name)}
            return _("{name}: {lower}은(는) {upper}보다 작아야 합니다.").format(name=_(row.name), **names)
    return ""


def _read(part: str) -> Chosen:
    """The indicator in a part of a URL's text. Raises ValueError with a sentence."""
    shown = part if len(part) <= 40 else part[:40] + "…"
    match = _TEXT.fullmatch(part)
    if not match or match[1] not in INDICATORS:
        known = ", ".join(INDICATORS)
        raise ValueError(_("{text}(이)라는 지표는 없습니다. 있는 지표: {known}").format(text=shown, known=known))
    row = INDICATORS[match[1]]
    if not match[2]:
        return usual(row)
    texts = match[2].split(",")
    try:
        values = tuple(setting.read(text) for setting, text in zip(row.settings, texts, strict=True))
    except ValueError:
        raise ValueError(_limits(row, shown)) from None
    chosen = Chosen(row.key, values)
    if problem := problem_of(chosen):
        raise ValueError(problem)
    return chosen


def _limits(row: Indicator, shown: str) -> str:
    names = [_(one.name) for one in row.settings]
    limits = ", ".join(
        f"{name} {_number(one.least)}–{_number(one.most)}" for name, one in zip(names, row.settings, strict=True)
    )
    return _("{text}은(는) 쓸 수 없는 지표입니다. 쓸 수 있는 값: {limits}").format(text=shown, limits=limits or NONE)
