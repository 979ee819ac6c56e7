"""The table of the fields that a condition can name, one row for each field.

To add a field, add a row: grammar, pages, commands and help follow the table. Each line of an indicator of `indicators`
is a field too, except `LEFT_OUT` and lines that are drawn back. `conditions` joins fields to conditions, `evaluation`
computes their values over a panel.

>>> resolve("ma20"), resolve("macd")
(('ma', (20,)), ('macd', (12, 26, 9)))
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from finance_core.bars import curves
from finance_core.bars import field_values as values
from finance_core.bars.curves import Chosen
from finance_core.bars.indicator import Indicator, Setting
from finance_core.bars.indicators import INDICATORS
from finance_core.bars.periods import PERIOD_OFFSETS, Period
from finance_core.i18n import N_, _

Unit = Literal["price", "shares", "money", "percent", "points", "days", "bars", "text"]
"""The unit of a field's values. percent: a ratio, 0.05 for 5 %."""

LONGEST: Final = 2_600
"""Bars of the longest window: ten years."""
SETTLED: Final = {"ema": 8, "volume_ema": 8, "macd": 8, "rsi": 16, "atr": 16, "adx": 32, "sar": 20}
"""For each indicator that depends on all bars before: after so many windows, the first bars weigh less than 1e-6."""
LINES: Final = {
    "bollinger": ("bollinger_upper", "bollinger_middle", "bollinger_lower"),
    "envelope": ("envelope_upper", "envelope_middle", "envelope_lower"),
    "ichimoku": ("ichimoku_conversion", "ichimoku_base", "ichimoku_span_a", "ichimoku_span_b", "ichimoku_lagging"),
    "macd": ("macd", "macd_signal", "macd_oscillator"),
    "stochastic": ("stochastic_k", "stochastic_d"),
    "fast_stochastic": ("fast_stochastic_k", "fast_stochastic_d"),
    "adx": ("adx", "plus_di", "minus_di"),
}
"""The names of the lines in conditions, for indicators with several lines."""
LEFT_OUT: Final = ("obv",)
"""Indicators that are no fields: OBV is a sum since the very first bar, which no window of bars gives."""


@dataclass(frozen=True)
class Field:
    """One row of the table."""

    title: str
    """Message id; {n} stands for the first setting."""
    unit: Unit
    compute: Callable[..., Any]
    """Takes a `field_values.Source` and the settings; returns one number for each bar, or one text for each ticker."""
    settings: tuple[Setting, ...] = ()
    bars: Callable[..., int] = lambda *_settings: 1
    """Takes the settings; returns how many bars, its own included, a value needs to be the same as on the chart."""
    indicator: str = ""
    """Key of the indicator whose line it is; "" if it is not a line."""
    detail: str = ""
    """Message id of the line's name, if the indicator has several lines."""
    group: str = N_("시세")
    """Message id of the heading under which a list of fields shows it."""
    numbered: str = ""
    """The text before the first setting, if it is not the name: "high" makes high250 of period_high."""


def _window(default: int, least: int = 1) -> tuple[Setting, ...]:
    return (Setting(N_("봉 수"), default, least, LONGEST),)


PRICES: Final = {"open": N_("시가"), "high": N_("고가"), "low": N_("저가"), "close": N_("종가")}
SPANS: Final[dict[Period, tuple[str, int]]] = {
    "1W": (N_("등락률 1주"), 7),
    "1M": (N_("등락률 1개월"), 25),
    "3M": (N_("등락률 3개월"), 70),
    "6M": (N_("등락률 6개월"), 135),
    "YTD": (N_("등락률 금년"), 265),
    "1Y": (N_("등락률 1년"), 265),
    "3Y": (N_("등락률 3년"), 795),
    "5Y": (N_("등락률 5년"), 1325),
}
"""Calendar periods of a change: message id, and the most bars that the period can have."""
TEXTS: Final = {
    "market": N_("시장"),
    "industry": N_("업종"),
    "currency": N_("통화"),
    "group": N_("공유된 목록"),
    "ticker": N_("종목 코드"),
    "name": N_("종목 이름"),
}
MOVES, DISTANCES, TRADED = N_("등락"), N_("거리"), N_("거래량")
INDICATOR, ABOUT = N_("지표"), N_("종목 정보")


def _of_bar(name: str) -> Callable[[values.Source], values.Floats]:
    return lambda source: source.bars[name]


def _changes() -> Iterator[tuple[str, Field]]:
    for period, (title, bars) in SPANS.items():
        if offset := PERIOD_OFFSETS[period]:
            compute = partial(values.change_since, offset=offset)
            yield f"change_{period.lower()}", Field(title, "percent", compute, bars=partial(int, bars), group=MOVES)


_ROWS: Final[dict[str, Field]] = {
    **{name: Field(title, "price", _of_bar(name)) for name, title in PRICES.items()},
    "change": Field(N_("등락률 {n}봉"), "percent", values.change, _window(1), lambda n: n + 1, group=MOVES),
    **dict(_changes()),
    "gap": Field(N_("갭 (시가와 전날 종가)"), "percent", values.gap, bars=lambda: 2, group=MOVES),
    "streak": Field(N_("연속 상승(+)·하락(−) 봉 수"), "bars", values.streak, bars=lambda: 250, group=MOVES),
    "volatility": Field(
        N_("변동성 {n}봉 (한 해로)"), "percent", values.volatility, _window(20, 2), lambda n: n + 1, group=MOVES
    ),
    "period_high": Field(
        N_("최고가 {n}봉"), "price", values.high, _window(250), lambda n: n, group=DISTANCES, numbered="high"
    ),
    "period_low": Field(
        N_("최저가 {n}봉"), "price", values.low, _window(250), lambda n: n, group=DISTANCES, numbered="low"
    ),
    "from_high": Field(N_("고점 대비 {n}봉"), "percent", values.from_high, _window(250), lambda n: n, group=DISTANCES),
    "from_low": Field(N_("저점 대비 {n}봉"), "percent", values.from_low, _window(250), lambda n: n, group=DISTANCES),
    "from_ma": Field(N_("평균 대비 {n}봉"), "percent", values.from_average, _window(20), lambda n: n, group=DISTANCES),
    "volume": Field(N_("거래량"), "shares", _of_bar("volume"), group=TRADED),
    "value": Field(N_("거래대금"), "money", values.traded, group=TRADED),
    "value_ma": Field(
        N_("거래대금 평균 {n}봉"), "money", values.traded_average, _window(20), lambda n: n, group=TRADED
    ),
    "volume_ratio": Field(
        N_("거래량 배수 (앞 {n}봉 평균의)"), "points", values.volume_ratio, _window(20), lambda n: n + 1, group=TRADED
    ),
    "value_ratio": Field(
        N_("거래대금 배수 (앞 {n}봉 평균의)"), "points", values.value_ratio, _window(20), lambda n: n + 1, group=TRADED
    ),
    # That the panel reaches back beyond the day of the count of shares is left to `screens.USUAL_BARS`.
    "market_value": Field(N_("시가총액"), "money", values.market_value, group=ABOUT),
    "age": Field(N_("상장 뒤 날수 (첫 봉부터)"), "days", values.age, group=ABOUT),
    **{name: Field(title, "text", partial(values.text, name=name), group=ABOUT) for name, title in TEXTS.items()},
}


def _of_indicators() -> Iterator[tuple[str, Field]]:
    for key, row in INDICATORS.items():
        if key in LEFT_OUT:
            continue
        names = LINES.get(key, (key,) if len(row.lines) == 1 else tuple(f"{key}_{n}" for n in range(len(row.lines))))
        for position, (name, line) in enumerate(zip(names, row.lines, strict=True)):
            defaults = [setting.default for setting in row.settings]
            if line.shift(*defaults) < 0:  # drawn back: its value at a bar comes from later bars
                continue
            compute = partial(values.indicator, row, position, settles=key in SETTLED)
            bars = partial(_bars_of, row, position)
            yield name, Field(row.name, row.unit, compute, row.settings, bars, key, line.name, INDICATOR)


def _bars_of(row: Indicator, position: int, *settings: float) -> int:
    windows = [int(number) for number, setting in zip(settings, row.settings, strict=True) if setting.step == 1]
    settling = SETTLED.get(row.key, 0) * max(windows, default=50)
    return row.warm_up(*settings) + 1 + settling + row.lines[position].shift(*settings)


FIELDS: Final[dict[str, Field]] = {**_ROWS, **dict(_of_indicators())}
"""By name."""

NUMBERED: Final = {field.numbered or name: name for name, field in FIELDS.items() if field.settings}
"""The fields with settings, by the text before the first setting."""
_NUMBERED: Final = re.compile(r"(\w*?)(\d{1,9})", re.ASCII)


def resolve(name: str) -> tuple[str, tuple[float, ...]]:
    """The field that `name` means, and its settings. Raises KeyError for an unknown name, ValueError for a bad setting.

    >>> resolve("high"), resolve("high250")
    (('high', ()), ('period_high', (250,)))
    """
    if name in FIELDS:
        return name, tuple(setting.default for setting in FIELDS[name].settings)
    match = _NUMBERED.fullmatch(name)
    if not match or match[1] not in NUMBERED:
        raise KeyError(name)
    key = NUMBERED[match[1]]
    others = FIELDS[key].settings[1:]
    return key, (of_number(name).read(match[2]), *(setting.default for setting in others))


def of_number(name: str) -> Setting:
    """The setting that the number behind `name` gives.

    >>> of_number("ma0").least
    2
    """
    return FIELDS[NUMBERED[name.rstrip("0123456789")]].settings[0]


def text_of(name: str, settings: tuple[float, ...]) -> str:
    """The name of the field with these settings in a condition.

    >>> text_of("ma", (20,)), text_of("macd", (12, 26, 9)), text_of("macd", (5, 20, 5))
    ('ma20', 'macd', 'macd(5, 20, 5)')
    """
    field = FIELDS[name]
    if len(settings) == 1 and field.settings[0].step == 1:
        return f"{field.numbered or name}{settings[0]:g}"
    if settings == tuple(setting.default for setting in field.settings):
        return name
    return f"{name}({', '.join(f'{number:.12g}' for number in settings)})"


def problem_of(name: str, settings: tuple[float, ...]) -> str:
    """A sentence about settings that do not go together; "" where they do."""
    key = next((key for key, names in LINES.items() if name in names), name)
    return curves.problem_of(Chosen(key, settings)) if key in INDICATORS and INDICATORS[key].ascending else ""


def label(name: str, settings: tuple[float, ...]) -> str:
    """The name of the field with these settings in the header of a column, in the running language.

    >>> label("ma", (20,)), label("macd_signal", (12, 26, 9)), label("from_high", (250,))
    ('MA20', 'MACD(12,26,9) 시그널', '고점 대비 250봉')
    """
    field = FIELDS[name]
    if field.indicator:
        return " ".join((Chosen(field.indicator, settings).label, _(field.detail))).rstrip()
    return _(field.title).format(n=f"{settings[0]:g}" if settings else "")


def title(name: str) -> str:
    """The name of the field in a list of fields, without settings, in the running language.

    >>> title("macd_signal"), title("from_high")
    ('MACD 시그널', '고점 대비 N봉')
    """
    field = FIELDS[name]
    return " ".join((_(field.title).format(n="N"), _(field.detail))).rstrip()
