"""What an indicator is: the shape of a row of `indicators.INDICATORS`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from finance_core.bars.formulas import Floats

Pane = Literal["price", "volume", "own"]
"""Over the candles, over the volume, or in a pane of its own."""
Unit = Literal["price", "shares", "points"]
"""The unit of its values."""
Mark = Literal["line", "columns", "dots"]


@dataclass(frozen=True)
class Setting:
    """A number that a visitor can set."""

    name: str
    """Message id."""
    default: float
    least: float
    most: float
    step: float = 1
    """1 for whole numbers."""

    def read(self, text: str) -> float:
        """`text` as a number. Raises ValueError if it is no number, or beyond the limits.

        >>> Setting("window", 14, 2, 500).read("20")
        20
        """
        value = int(text) if self.step == 1 else float(text)
        if not self.least <= value <= self.most:
            raise ValueError(text)
        return value


@dataclass(frozen=True)
class Line:
    """One of the lines of an indicator."""

    name: str = ""
    """Message id; "" if it is the only line."""
    mark: Mark = "line"
    hue: int = 0
    """Its colour, as a number of steps after the first colour of the indicator."""
    shift: Callable[..., int] = lambda *_values: 0
    """Takes the settings; returns how many bars later than computed the line is drawn (negative: earlier)."""


@dataclass(frozen=True)
class Indicator:
    """A row of the table."""

    key: str
    """Its name in URLs and conditions: lower-case letters, digits and _."""
    label: str
    """Message id of the short name before its numbers in legends and tables: RSI14."""
    name: str
    """Message id of the full name."""
    definition: str
    """Message id: how it is computed, from which bar on, and how it is read."""
    source: str
    """Where it was published."""
    inputs: tuple[str, ...]
    """The columns of bars that it is computed from."""
    formula: Callable[..., tuple[Floats, ...]]
    """Takes the inputs and the settings; returns one array for each line."""
    warm_up: Callable[..., int]
    """Takes the settings; returns how many bars come before the first bar at which every line has a value."""
    settings: tuple[Setting, ...] = ()
    lines: tuple[Line, ...] = (Line(),)
    pane: Pane = "own"
    unit: Unit = "points"
    levels: tuple[float, ...] = ()
    """The values at which its pane has guide lines."""
    bounds: tuple[float, float] | None = None
    """The least and the greatest possible value."""
    filled: tuple[int, int] | None = None
    """Positions of two lines with a shade between them. If the lines have one colour, so has the shade; else it has the
    colour of rising where the first line is above, and that of falling where it is below."""
    ascending: int = 0
    """So many of the first settings must be in ascending order."""
