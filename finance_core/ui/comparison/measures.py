"""The table of measures below a comparison: return, volatility, drawdown etc. of each series in the shown period."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import streamlit as st
from pandas.api.types import is_numeric_dtype

from finance_core import formats
from finance_core.bars import comparison, pairs
from finance_core.bars.comparison import Money
from finance_core.i18n import N_, _
from finance_core.spreadsheets import Sheet
from finance_core.ui.comparison.items import Item

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler  # imports a template engine

EXPLANATIONS = {
    N_("처음"): N_("기간 안의 첫 종가"),
    N_("끝"): N_("기간 안의 마지막 종가"),
    N_("수익률"): N_("끝 ÷ 처음 − 1"),
    N_("연환산"): N_("한 해로 고친 복리 수익률. 한 해가 안 되면 셈하지 않습니다"),
    N_("변동성"): N_("일간 로그 수익률의 표준편차 × √252"),
    N_("최대 낙폭"): N_("그때까지의 최고 종가에서 가장 많이 떨어진 비율"),
    N_("낙폭 기간"): N_("그 최고 종가의 날과 최저 종가의 날"),
    N_("가장 오른 날"): N_("앞 종가에 견준 수익률이 가장 큰 날"),
    N_("가장 내린 날"): N_("앞 종가에 견준 수익률이 가장 작은 날"),
    N_("상관계수"): N_("첫째 것과 함께 연 날들의 로그 수익률의 상관계수"),
}
"""Message ids of the columns after the name, each with its explanation on hover."""
PRICES: Final = ("처음", "끝")
FORMATS: Final[Mapping[str, Any]] = {
    "수익률": formats.signed_percent,
    "연환산": formats.signed_percent,
    "변동성": "{:.1%}".format,
    "최대 낙폭": formats.signed_percent,
    "상관계수": "{:+.2f}".format,
}
"""The columns of other numbers, and how each is written."""


def table(items: Sequence[Item], closes: pd.DataFrame) -> pd.DataFrame:
    """The measures of the daily `closes` (columns by the keys of `items`), one row per item: ratios, NaN for missing.

    Days are texts, and stand before the change of the day: so they sort.
    """
    correlations = pairs.correlations(closes).iloc[0]
    rows = [_measures(item, closes[item.key], float(correlations[item.key])) for item in items]
    return pd.DataFrame(rows).astype({_(column): float for column in (*PRICES, *FORMATS)})


def styled(table: pd.DataFrame, items: Sequence[Item], money: Money) -> "Styler":
    """The `table` of the `items` as a page shows it: as text, but it sorts by the numbers."""
    look = table.style.format({_(column): form for column, form in FORMATS.items()}, na_rep=formats.MISSING)
    for position, item in enumerate(items):
        cells = ([position], list(map(_, PRICES)))
        look = look.format(partial(_price, item, money), subset=cells)
    return look


def texts(table: pd.DataFrame, items: Sequence[Item], money: Money) -> pd.DataFrame:
    """The `table` of the `items` with all numbers as texts, as a page shows them."""
    shown = table.copy()
    for column, form in FORMATS.items():
        shown[_(column)] = table[_(column)].map(form, na_action="ignore")
    for column in map(_, PRICES):
        shown[column] = [_price(item, money, price) for item, price in zip(items, table[column], strict=True)]
    return shown.astype(object).fillna(formats.MISSING)


def sheet(closes: pd.DataFrame) -> Sheet:
    """The measures of the daily `closes` (columns by name) as numbers and days, for a workbook; ratios in percent."""
    correlations = pairs.correlations(closes).iloc[0]
    rows = [_numbers(name, closes[name], float(correlations[name])) for name in closes.columns]
    table = pd.DataFrame(rows)
    numbers = [column for column, dtype in table.dtypes.items() if is_numeric_dtype(dtype)]
    return Sheet(table, {str(column): 2 for column in numbers}, index=False)


def _numbers(name: str, close: "pd.Series[float]", correlation: float) -> dict[str, object]:
    statistics = comparison.statistics(close)
    row: dict[str, object] = {_("이름"): name}
    if statistics is None:
        return row
    drawdown = statistics.drawdown
    ratios = {
        _("수익률"): statistics.total,
        _("연환산"): statistics.annual,
        _("변동성"): statistics.volatility,
        _("최대 낙폭"): drawdown.depth,
        _("가장 오른 날"): statistics.best and statistics.best[1],
        _("가장 내린 날"): statistics.worst and statistics.worst[1],
    }
    days = {
        _("낙폭 시작"): drawdown.peak if drawdown.depth else None,
        _("낙폭 끝"): drawdown.trough if drawdown.depth else None,
        _("가장 오른 날"): statistics.best and statistics.best[0],
        _("가장 내린 날"): statistics.worst and statistics.worst[0],
    }
    row |= {_("처음"): statistics.first, _("끝"): statistics.last}
    row |= {f"{title} %": np.nan if ratio is None else ratio * 100 for title, ratio in ratios.items()}
    row |= {title: pd.NaT if day is None else day for title, day in days.items()}
    return row | {_("상관계수"): correlation}


def columns() -> dict[str, Any]:
    """Streamlit's settings for the columns of the table."""
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    return {
        _(column): number(help=_(told)) if column in (*PRICES, *FORMATS) else text(alignment="right", help=_(told))
        for column, told in EXPLANATIONS.items()
    }


def _measures(item: Item, close: "pd.Series[float]", correlation: float) -> dict[str, object]:
    statistics = comparison.statistics(close)
    name: dict[str, object] = {_("이름"): item.name}
    if statistics is None:
        return name | {_(column): None if column in (*PRICES, *FORMATS) else formats.MISSING for column in EXPLANATIONS}
    drawdown = statistics.drawdown
    values = (
        statistics.first,
        statistics.last,
        statistics.total,
        statistics.annual,
        statistics.volatility,
        drawdown.depth,
        f"{formats.date(drawdown.peak)} → {formats.date(drawdown.trough)}" if drawdown.depth else formats.MISSING,
        _day(statistics.best),
        _day(statistics.worst),
        correlation,
    )
    return name | {_(column): value for column, value in zip(EXPLANATIONS, values, strict=True)}


def _price(item: Item, money: Money, price: float) -> str:
    if np.isnan(price):
        return formats.MISSING
    line = item.line(money, price)
    return f"{line.sign}{formats.price(price, line.decimals)}"


def _day(move: tuple[pd.Timestamp, float] | None) -> str:
    return f"{formats.date(move[0])} {formats.signed_percent(move[1])}" if move else formats.MISSING
