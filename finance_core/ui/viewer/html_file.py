"""The visible part of a ticker's chart as an HTML file that opens without a server."""

from finance_core.charts import candlestick_html, html_page, parts
from finance_core.charts.candlestick_html import Content
from finance_core.storage.documents import TickerRow
from finance_core.ui import history_notes
from finance_core.ui.viewer import picture
from finance_core.ui.viewer.shared import Chart, History
from finance_core.ui.viewer.sketches import Sketch


def make(
    row: TickerRow,
    history: History,
    chart: Chart,
    sketch: Sketch,
    visible: tuple[int, int],
    line: str,
    dark: bool,
) -> str:
    """The HTML file of the bars between the positions `visible`, with future days if the page shows them there.

    `line` stands below its title, and behind it the splits that are applied here.
    """
    first, end = parts.seen(visible, len(chart.bars), len(chart.ahead))
    last = min(end, len(chart.bars) - 1)
    ahead = chart.ahead[: end - last]
    style = chart.style
    content = Content(chart.bars, chart.curves, style, chart.noted, chart.others, ahead, sketch.placed())
    figure = candlestick_html.candlestick(content, (first, last))
    name = picture.title(row)
    line = " · ".join(filter(None, [line, history_notes.of_splits({name: history})]))
    return html_page.to_html(figure, name, line, style, dark=dark)
