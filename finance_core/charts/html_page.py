"""The HTML file around the Plotly chart of a ticker, which opens without a server or a network. Pure."""

import html
import json
from typing import Final

import plotly.graph_objects as go

from finance_core.charts.html_layers import TAG
from finance_core.charts.script import SCRIPTS
from finance_core.charts.style import Style
from finance_core.i18n import _, language

CSS: Final = """
body { margin: 0; color: INK; background: PAPER; }
body { font: 12px/1.4 "Open Sans", verdana, arial, sans-serif; word-break: keep-all; }
header { display: flex; flex-wrap: wrap; align-items: end; padding: 16px 16px 0; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 17px; font-weight: 400; }
p { margin: 2px 0; }
/* The buttons of the chart stand beside the title, or below it in a narrow window; else they would cover names. */
header::after { content: ""; width: 270px; height: 32px; margin-left: auto; }
.modebar-container { top: -32px !important; }
"""
LIGHT: Final = "plotly_white", "#2a3f5f", "#ffffff"
DARK: Final = "plotly_dark", "#fafafa", "#0e1117"
"""Template of a figure, text colour and background; the dark background is that of a picture (see `picture.js`)."""


def to_html(figure: go.Figure, title: str, about: str, style: Style, *, dark: bool = False) -> str:
    """The HTML file with the `title`, a note `about` the chart below it, and then a figure of `candlestick_html`.

    Title and note are HTML, so that they wrap in a narrow window: Plotly does not wrap its own title.

    >>> "<h1>A &amp; B</h1>" in to_html(go.Figure(), "A & B", "", Style())
    True
    """
    sample = _("표본 데이터: 실제 시세가 아닙니다") if style.sample else ""
    below = " · ".join(part for part in (about, sample if sample not in about else "") if part)
    code = (SCRIPTS / "html_chart.js").read_text(encoding="utf-8")
    script = f'({code})(document.getElementById("{{plot_id}}"), {json.dumps(TAG)})'
    template, ink, paper = DARK if dark else LIGHT
    figure.update_layout(template=template, paper_bgcolor=paper, plot_bgcolor=paper)
    css = CSS.replace("INK", ink).replace("PAPER", paper)
    # The picture of Plotly's own button has no title, so the title names its file; without what could end a script.
    file_name = title.translate(dict.fromkeys(map(ord, "<>/")))
    config = {"displaylogo": False, "toImageButtonOptions": {"filename": file_name}}
    chart = figure.to_html(config=config, full_html=False, post_script=script)
    width = '<meta name="viewport" content="width=device-width, initial-scale=1">'  # else a phone shrinks the page
    head = f'<meta charset="utf-8">{width}<title>{html.escape(title)}</title><style>{css}</style>'
    header = f"<header><div><h1>{html.escape(title)}</h1><p>{html.escape(below)}</p></div></header>"
    return f'<!doctype html><html lang="{language()}"><head>{head}</head><body>{header}{chart}</body></html>'
