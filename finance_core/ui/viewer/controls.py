"""The row of controls above a chart: period, interval, range, and how it looks.

The address is where a choice is kept: a control shows what the address says and, changed, writes into it.
"""

from typing import Any, get_args

import pandas as pd
import streamlit as st

from finance_core.bars.candles import Interval, Period
from finance_core.categories import Average, Category
from finance_core.i18n import N_, _
from finance_core.ui.viewer import address
from finance_core.ui.viewer.address import View

PERIODS: dict[Period, str] = {
    "1W": N_("1주"),
    "1M": N_("1개월"),
    "3M": N_("3개월"),
    "6M": N_("6개월"),
    "YTD": N_("금년"),
    "1Y": N_("1년"),
    "3Y": N_("3년"),
    "5Y": N_("5년"),
    "10Y": N_("10년"),
    "MAX": N_("최대"),
}
INTERVALS: dict[Interval, str] = {"D": N_("일"), "W": N_("주"), "M": N_("월")}
OTHER_COLORS = "other_colors"


def show(category: Category, view: View, dates: pd.DatetimeIndex) -> None:
    """The controls, set as `view` is; `dates` are the days that have bars."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _set("period", None if view.first else view.period)
        st.segmented_control(
            _("기간"),
            get_args(Period),
            format_func=lambda period: _(PERIODS[period]),
            label_visibility="collapsed",
            key="period",
            wrap=True,
            on_change=_period_chosen,
        )
        _set("unit", view.interval)
        st.segmented_control(
            _("봉 단위"),
            get_args(Interval),
            format_func=lambda interval: _(INTERVALS[interval]),
            label_visibility="collapsed",
            key="unit",
            on_change=_interval_chosen,
        )
        _range(view, dates)
        _looks(category, view)


def rising_is_red(category: Category) -> bool:
    """Whether this visitor wants rising red in this category; a choice holds for the visit."""
    others: dict[str, bool] = st.session_state.get(OTHER_COLORS, {})
    return category.rising_is_red != others.get(category.key, False)


def _range(view: View, dates: pd.DatetimeIndex) -> None:
    label = f"{view.first} – {view.last or ''}" if view.first else _("직접 지정")
    with st.popover(label, icon=":material/date_range:"):
        first, last = dates[0].date(), dates[-1].date()
        chosen = (max(first, min(view.first, last)), max(first, min(view.last or last, last))) if view.first else ()
        _set("range", chosen)
        st.date_input(
            _("처음과 끝 날짜"),
            min_value=first,
            max_value=last,
            key="range",
            on_change=_range_chosen,
            format="YYYY-MM-DD",
        )


def _looks(category: Category, view: View) -> None:
    with st.popover(_("표시"), icon=":material/tune:"):
        _set("averages", list(view.averages))
        st.pills(
            _("이동평균"),
            category.averages,
            format_func=lambda average: average.label,
            selection_mode="multi",
            key="averages",
            on_change=_averages_chosen,
            args=(category,),
        )
        if len(category.average_sets) > 1:
            for averages in category.average_sets:
                st.button(
                    "·".join(average.label for average in averages),
                    key=f"averages_{averages[-1].text}",
                    on_click=_set_averages,
                    args=(category, averages),
                )
        _set("log", view.log)
        st.toggle(_("로그 축"), key="log", on_change=_log_chosen)
        _set("red", rising_is_red(category))
        st.toggle(_("상승을 빨강으로"), key="red", on_change=_colors_chosen, args=(category,))


def _set(key: str, value: Any) -> None:
    st.session_state[key] = value


def _write(name: str, value: str) -> None:
    """Keep a choice in the address; "" leaves it out."""
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def _period_chosen() -> None:
    period = st.session_state["period"]
    if period is None:  # the chosen one was clicked again
        return
    _write("period", "" if period == address.DEFAULT_PERIOD else period)
    _write("from", "")
    _write("to", "")


def _interval_chosen() -> None:
    interval = st.session_state["unit"]
    if interval is not None:
        _write("unit", "" if interval == "D" else interval)


def _range_chosen() -> None:
    days = st.session_state["range"]
    if len(days) == 2:
        _write("from", days[0].isoformat())
        _write("to", days[1].isoformat())


def _averages_chosen(category: Category) -> None:
    _set_averages(category, tuple(sorted(st.session_state["averages"])))


def _set_averages(category: Category, averages: tuple[Average, ...]) -> None:
    _write("ma", address.average_parameter(averages, category))


def _log_chosen() -> None:
    _write("scale", "log" if st.session_state["log"] else "")


def _colors_chosen(category: Category) -> None:
    others = st.session_state.setdefault(OTHER_COLORS, {})
    others[category.key] = st.session_state["red"] != category.rising_is_red
