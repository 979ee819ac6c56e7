"""The HTML file around the Plotly chart of a ticker, which opens without a server or a network. Pure."""

import json

import plotly.graph_objects as go

from finance_core.charts.html_layers import TAG
from finance_core.charts.script import SCRIPTS


def to_html(figure: go.Figure) -> str:
    """The file with a figure of `candlestick_html`.

    >>> "Plotly.newPlot" in to_html(go.Figure())
    True
    """
    code = (SCRIPTS / "under_tag.js").read_text(encoding="utf-8")
    script = f'({code})(document.getElementById("{{plot_id}}"), {json.dumps(TAG)})'
    return str(figure.to_html(config={"displaylogo": False}, post_script=script))
