"""How a chart of one ticker looks, and its colours."""

from dataclasses import dataclass
from typing import Final, Literal

from finance_core.bars.marks import Kind as Mark
from finance_core.bars.periods import Interval

RED: Final = "#f04452"
BLUE: Final = "#3182f6"
GREEN: Final = "#0ca678"
DRAWING: Final = "#4263eb"
"""Colour of what people draw. White text on it can be read."""

Kind = Literal["hollow", "candles", "bars", "line", "area"]
"""How prices are drawn. Hollow: only falling bodies are filled, so that the two differ without colour too."""
Scale = Literal["linear", "log", "percent"]
"""Percent: changes since the first visible bar."""


@dataclass(frozen=True)
class Style:
    """How a chart of one ticker looks.

    >>> Style(rising_is_red=False).rising == GREEN
    True
    """

    decimals: int = 0
    """Decimals of prices."""
    rising_is_red: bool = True
    """True: rising red, falling blue, as in Korea. False: rising green, falling red, as in the US."""
    kind: Kind = "hollow"
    scale: Scale = "linear"
    total_return: bool = False
    """Whether prices include dividends (see `bars.adjustment.total_return`)."""
    marks: tuple[Mark, ...] = ()
    """Which marks are drawn."""
    tooltip: bool = False
    """Whether a box beside the pointer repeats the values above the chart."""
    sample: bool = False
    """Whether the prices are samples. A text across the chart says so, in saved pictures too."""
    interval: Interval = "D"
    heights: tuple[int, ...] = ()
    """Shares of the heights of panes, that of prices first; () means: the usual ones (see `panes.shares`)."""
    last_note: str = ""
    """Text after the day of the last bar, in the running language. It says that the week or month is not over."""

    @property
    def rising(self) -> str:
        """Colour of rising bars."""
        return RED if self.rising_is_red else GREEN

    @property
    def falling(self) -> str:
        """Colour of falling bars."""
        return BLUE if self.rising_is_red else RED
