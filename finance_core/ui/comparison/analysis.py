"""The part below a comparison: an analysis of a person's choice, and downloads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from finance_core.bars import pairs
from finance_core.bars.comparison import Scale
from finance_core.bars.periods import Interval
from finance_core.charts import comparison_html as figures
from finance_core.charts.comparison import Line
from finance_core.i18n import N_, _
from finance_core.spreadsheets import Sheet
from finance_core.storage.database import MongoDatabase
from finance_core.ui import downloads, history_notes
from finance_core.ui.choices import chosen_tab
from finance_core.ui.comparison import measures
from finance_core.ui.decorators import live
from finance_core.ui.near import is_near

WINDOWS = (20, 60, 120, 250)
"""The choices for the number of sessions over which correlation and beta are measured."""

Draw = Callable[[pd.DataFrame, Mapping[str, str], int], go.Figure]

ANALYSES: dict[str, tuple[str, Draw]] = {
    "correlation": (N_("상관관계"), lambda closes, _colors, _window: figures.correlation_map(closes)),
    "rolling": (N_("이동 상관계수"), lambda closes, _colors, window: figures.rolling_correlation(closes, window)),
    "drawdown": (N_("낙폭"), lambda closes, colors, _window: figures.drawdowns(closes, colors)),
    "risk": (N_("위험과 수익"), lambda closes, colors, _window: figures.risk_and_return(closes, colors)),
    "spread": (N_("스프레드"), lambda closes, _colors, _window: figures.spread(closes)),
    "ratio": (N_("비율"), lambda closes, _colors, _window: figures.ratio(closes)),
    "beta": (N_("베타"), lambda closes, _colors, window: figures.beta(closes, window)),
    "distribution": (N_("수익률 분포"), lambda closes, colors, _window: figures.distribution(closes, colors)),
}
"""By its key: the message id of its title, and a function that draws closes, colours and a window."""
NEAR = "analysis_is_near"
"""The key of the session state for whether the visitor has come to the figure."""
FINER = 4
"""How many decimals more a converted close has in a file than on the page."""
OF_TWO = ("rolling", "spread", "ratio", "beta")
OF_SEVERAL = ("correlation", *OF_TWO)
WITH_WINDOW = ("rolling", "beta")


@dataclass(frozen=True)
class Files:
    """What the files of a comparison have beside its daily closes."""

    name: str
    """Their name, without the ending."""
    closes: pd.DataFrame
    """The visible closes in the interval of the chart; the columns have the names of its lines."""
    interval: Interval = "D"
    jumps: Mapping[str, Sequence[pd.Timestamp]] = field(default_factory=dict)
    """The days of jumps, by the names of lines."""
    converted: Mapping[str, str] = field(default_factory=dict)
    """The currency of the lines that are converted, by name."""
    samples: Mapping[str, str] = field(default_factory=dict)
    """What is a sample of the lines that have samples in them, by name."""
    about: Sequence[str] = ()
    """The lines below the title of the HTML file."""


def show(
    closes: pd.DataFrame,
    drawn: Callable[[], pd.DataFrame],
    scale: Scale,
    table: pd.DataFrame,
    lines: Sequence[Line],
    files: Files,
) -> None:
    """Analyses and downloads for the visible daily `closes`, whose columns are the `lines`, in this order.

    `drawn` returns the values that the chart shows, in `scale`; `table` has the measures as text.
    """
    colors, decimals = {line.name: line.color for line in lines}, {line.name: line.decimals for line in lines}
    closes = closes.set_axis(list(colors), axis=1)
    analyses = {key: row for key, row in ANALYSES.items() if len(closes.columns) > 1 or key not in OF_SEVERAL}
    key = chosen_tab(_("분석"), "analysis", {key: _(title) for key, (title, _draw) in analyses.items()})
    shown, window = _window(key, closes)
    with st.container(key="figure"):
        _figure(key, shown, colors, window)

    def html() -> str:
        remarks = [_("표본 데이터 포함")] if files.samples else []
        title = " · ".join(filter(None, [*closes.columns, *remarks, history_notes.remark(files.jumps)]))
        drawings = {_("비교 차트"): figures.lines(drawn().set_axis(closes.columns, axis=1), colors, scale)}
        pair = " · ".join(closes.columns[:2])
        for key, (name, draw) in analyses.items():
            heading = ": ".join([_(name), pair]) if key in OF_TWO else _(name)
            drawings[heading] = draw(closes, colors, figures.ROLLING)
        return figures.to_html(title, table, drawings, files.about)

    with st.container(horizontal=True, gap="small"):
        downloads.table_buttons("", files.name, _sheets(closes, decimals, files), key="comparison")
        downloads.button(_("차트와 분석 HTML"), f"{files.name}.html", html, key="comparison_html")


@live(None)
def _figure(_db: MongoDatabase, key: str, closes: pd.DataFrame, colors: Mapping[str, str], window: int) -> None:
    """The figure of an analysis. When the visitor comes to it, only this part is drawn anew: other clicks count."""
    if is_near(NEAR):
        figure = ANALYSES[key][1](closes, colors, window)
        figure.update_layout(margin_t=32)  # no title, but Plotly's buttons
        st.plotly_chart(figure, key=f"analysis_{key}")


def _sheets(closes: pd.DataFrame, decimals: Mapping[str, int], files: Files) -> dict[str, Sheet]:
    """Sheets of the closes of `files`; of measures and correlations, which come from daily `closes`; and of jumps.

    The head of a series names the currency into which it is converted, and samples. Converted closes have more
    decimals, so that their changes stay right.
    """
    remarks = files.converted, files.samples
    titles = {name: downloads.head(name, [each[name] for each in remarks if name in each]) for name in closes.columns}
    decimals = {titles[name]: count + FINER * (name in files.converted) for name, count in decimals.items()}
    closes = closes.rename(columns=titles)
    daily = [] if files.interval == "D" else [_("일 종가")]
    sheets = {
        _("종가"): Sheet(files.closes.rename(columns=titles).rename_axis(_("날짜")), decimals),
        downloads.head(_("통계"), daily): measures.sheet(closes),
    }
    if len(closes.columns) > 1:
        correlations = pairs.correlations(closes).rename_axis(_("이름"))
        sheets[downloads.head(_("상관관계"), daily)] = Sheet(correlations, dict.fromkeys(correlations.columns, 2))
    if files.jumps:
        days = [{_("이름"): titles[name], _("날짜"): day} for name, each in files.jumps.items() for day in each]
        sheets[_("가격제한폭을 넘은 단절")] = Sheet(pd.DataFrame(days), {}, index=False)
    return sheets


def _window(key: str, closes: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The closes and the window for an analysis, as chosen above its figure if it offers a choice."""
    if key == "correlation":
        whole, latest = _("보이는 기간"), _("최근 {count}거래일")
        sessions = st.segmented_control(
            _("어느 기간으로"),
            [0, *WINDOWS],
            format_func=lambda count: latest.format(count=count) if count else whole,
            default=0,
            required=True,
            key="correlation_window",
            label_visibility="collapsed",
        )
        return closes.iloc[-int(sessions or len(closes)) :], figures.ROLLING
    window: int | None = figures.ROLLING
    if key in OF_TWO:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            closes = _two(key, closes)
            if key in WITH_WINDOW:
                label = _("수익률 몇 개로")
                window = st.segmented_control(label, WINDOWS, default=window, required=True, key=f"{key}_window")
    return closes, int(window or figures.ROLLING)


def _two(key: str, closes: pd.DataFrame) -> pd.DataFrame:
    """The closes of the two chosen series; at first, the first two."""
    names = list(closes.columns)
    first = st.selectbox(_("첫째"), names, index=0, key=f"{key}_first", width=220)
    others = [name for name in names if name != first]
    second = st.selectbox(_("둘째"), others, index=0, key=f"{key}_second", width=220)
    return closes[[first, second]]
