"""What an indicator is: the shape of a row of `indicators.INDICATORS`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from finance_core.bars.formulas import Floats

Pane = Literal["price", "volume", "own"]
"""Over the candles, over the volume, or in a pane of its own."""
Unit = Literal["price", "shares", "points"]
"""What its numbers are in."""
Mark = Literal["line", "columns", "dots"]


@dataclass(frozen=True)
class Setting:
    """A number that a reader sets."""

    name: str
    """Message id."""
    default: float
    least: float
    most: float
    step: float = 1
    """1 for whole numbers."""

    def read(self, text: str) -> float:
        """The number of a text. Raises ValueError where it is none, or beyond the limits.

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
    """Message id; "" where it is the only one."""
    mark: Mark = "line"
    hue: int = 0
    """How many colours after that of the indicator it has."""
    shift: Callable[..., int] = lambda *_values: 0
    """Of the settings: how many bars later than computed it is drawn; earlier, if negative."""


@dataclass(frozen=True)
class Indicator:
    """A row of the table."""

    key: str
    """In addresses and conditions: small letters, digits and _."""
    label: str
    """Message id of the short name before its numbers in legends and tables: RSI14."""
    name: str
    """Message id of the full name."""
    definition: str
    """Message id: how it is computed, from which bar on, and how it is read."""
    source: str
    """Where it was published."""
    inputs: tuple[str, ...]
    """The columns of bars that it is computed of."""
    formula: Callable[..., tuple[Floats, ...]]
    """Of the inputs and the settings: one array for each line."""
    warm_up: Callable[..., int]
    """Of the settings: before how many bars not every line has a value."""
    settings: tuple[Setting, ...] = ()
    lines: tuple[Line, ...] = (Line(),)
    pane: Pane = "own"
    unit: Unit = "points"
    levels: tuple[float, ...] = ()
    """Where its pane has guides."""
    bounds: tuple[float, float] | None = None
    """Between which values it always lies."""
    filled: tuple[int, int] | None = None
    """Positions of two lines between which it is shaded: in their colour or, where they have two, in that of rising
    while the first is above and that of falling while it is below."""
    ascending: int = 0
    """How many settings, the first ones, must each be less than the next."""
