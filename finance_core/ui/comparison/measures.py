"""The table of measures below a comparison: return, volatility, drawdown etc. of each series in the shown period."""

from collections.abc import Sequence
from typing import Any

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


def table(items: Sequence[Item], closes: pd.DataFrame, money: Money) -> pd.DataFrame:
    """The measures of the daily `closes` (columns by the keys of `items`) as text, one row per item."""
    correlations = pairs.correlations(closes).iloc[0]
    rows = [_measures(item, closes[item.key], float(correlations[item.key]), money) for item in items]
    return pd.DataFrame(rows)


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
    return {
        _(column): st.column_config.TextColumn(alignment="right", help=_(text)) for column, text in EXPLANATIONS.items()
    }


def _measures(item: Item, close: "pd.Series[float]", correlation: float, money: Money) -> dict[str, str]:
    statistics = comparison.statistics(close)
    name = {_("이름"): item.name}
    if statistics is None:
        return name | {_(column): formats.MISSING for column in EXPLANATIONS}
    drawdown, volatility = statistics.drawdown, statistics.volatility
    texts = (
        _price(item, money, statistics.first),
        _price(item, money, statistics.last),
        formats.signed_percent(statistics.total),
        formats.signed_percent(statistics.annual),
        formats.MISSING if volatility is None else f"{volatility:.1%}",
        formats.signed_percent(drawdown.depth),
        f"{formats.date(drawdown.peak)} → {formats.date(drawdown.trough)}" if drawdown.depth else formats.MISSING,
        _day(statistics.best),
        _day(statistics.worst),
        formats.MISSING if pd.isna(correlation) else f"{correlation:+.2f}",
    )
    return name | {_(column): text for column, text in zip(EXPLANATIONS, texts, strict=True)}


def _price(item: Item, money: Money, price: float) -> str:
    line = item.line(money, price)
    return f"{line.sign}{formats.price(price, line.decimals)}"


def _day(move: tuple[pd.Timestamp, float] | None) -> str:
    return f"{formats.date(move[0])} {formats.signed_percent(move[1])}" if move else formats.MISSING
