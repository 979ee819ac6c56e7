"""A chart in an HTML file that opens without a server or a network: the page's own component, and what it is told."""

import html
import json
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from string import Template
from typing import Any, NamedTuple

from finance_core.i18n import _, language
from finance_core.ui.echart import border, component
from finance_core.ui.echart.border import FILES, Prepared


class Words(NamedTuple):
    """The text above the chart of a file."""

    title: str
    period: str
    """The first and the last day in sight. The file writes them anew when its reader zooms."""
    about: str
    """What stands behind the period."""


def to_html(prepared: Prepared, settings: Mapping[str, Any], words: Words, *, dark: bool) -> str:
    """The HTML file of a chart, which shows and does what the chart of a page does with these `settings`.

    It holds all bars, and shows those that `settings` name, which are made by `component.settings`.
    """
    # What `st_echarts` sends for a chart of this size without selections.
    data = {
        "options": prepared.option,
        "onEvents": {name: border.between_markers(code) for name, code in component.events(prepared).items()},
        "theme": "streamlit",
        "renderer": "canvas",
        "height": "100%",
        "width": "100%",
        "replaceMerge": None,
    }
    # Without "<", nothing in it ends the element that holds it.
    content = json.dumps({"data": data, "settings": settings}, allow_nan=False).replace("<", r"\u003c")
    lacking = _("여기서는 차트를 그릴 수 없습니다. JavaScript를 켠 브라우저로 이 파일을 여십시오.")
    look = {"language": language(), "theme": "dark" if dark else "light"}
    texts = {**words._asdict(), **look, "lacking": lacking}
    return Template((FILES / "file.html").read_text(encoding="utf-8")).substitute(
        {name: html.escape(text) for name, text in texts.items()},
        panes=component.panes(prepared),
        style=(FILES / "chart.css").read_text(encoding="utf-8"),
        component=_bundle(),
        content=content,
    )


@cache
def _bundle() -> str:
    """The component's script, which has no end of a script element in it."""
    (script,) = (file for file in metadata.files("streamlit-echarts") or () if file.suffix == ".js")
    return script.read_text(encoding="utf-8")
