"""The visible part of a ticker's chart as an HTML file that opens without a server."""

from finance_core.charts import candlestick_html, html_page, parts
from finance_core.charts.candlestick_html import Content
from finance_core.storage.documents import TickerRow
from finance_core.ui.viewer import picture
from finance_core.ui.viewer.shared import Drawing
from finance_core.ui.viewer.sketches import Sketch


def make(
    row: TickerRow,
    drawing: Drawing,
    sketch: Sketch,
    visible: tuple[int, int],
    line: str,
    dark: bool,
) -> str:
    """The HTML file of the bars between the positions `visible`, with future days if the page shows them there.

    `line` stands below its title.
    """
    first, end = parts.seen(visible, len(drawing.bars), len(drawing.ahead))
    last = min(end, len(drawing.bars) - 1)
    ahead = drawing.ahead[: end - last]
    style = drawing.style
    content = Content(drawing.bars, drawing.curves, style, drawing.noted, drawing.others, ahead, sketch.placed())
    figure = candlestick_html.candlestick(content, (first, last))
    return html_page.to_html(figure, picture.title(row), line, style, dark=dark)
