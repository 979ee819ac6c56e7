"""The core library: `bars`, `charts`, `mongod`, `storage`, `foreign`, `ui`, and small modules that all of them may use.

Not here: Yahoo and the update runs (`updaters`), and the pages with their URLs (`pages`).
A notebook or a script needs one class of it: `from finance_core import Sisepan` (see `notebook`).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from finance_core.notebook import Sisepan as Sisepan


def __getattr__(name: str) -> Any:
    """Import `Sisepan` on first use: importing a small module must not load the whole library."""
    if name != "Sisepan":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from finance_core.notebook import Sisepan

    return Sisepan
