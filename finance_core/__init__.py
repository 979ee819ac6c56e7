"""What the product knows: `bars`, `charts`, `mongod`, `storage`, `foreign` and `ui`, over small rooms that all may use.

Not here: Yahoo and the update runs (`updaters`) and the addresses of the pages (`pages`).
From Python, in a notebook, it is one class: `from finance_core import Sisepan` (see `notebook`).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from finance_core.notebook import Sisepan as Sisepan


def __getattr__(name: str) -> Any:
    """`Sisepan`, loaded when it is asked for: whoever needs a small room pays for that room alone."""
    if name != "Sisepan":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from finance_core.notebook import Sisepan

    return Sisepan
