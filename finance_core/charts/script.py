"""Functions that a chart calls in the browser: each is a file in `scripts/`, so that linters and tests can read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).with_name("scripts")


@dataclass(frozen=True)
class Script:
    """A value in an option that must be a function, or an object with functions.

    In the browser, the value is what the function in `scripts/{name}.js` returns for `settings`, which are plain JSON.

    >>> Script("volume_label", {"units": []}).path.name
    'volume_label.js'
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The file, which holds one function expression."""
        return SCRIPTS / f"{self.name}.js"
