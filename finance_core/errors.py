"""Errors a user can meet, each with one sentence that says what was wrong and what to do.

A page turns any of these into one `st.error`, a command into one line on standard error; everything else is a
defect and goes to the log with its traceback. Messages are Korean message ids (see `i18n`), translated when they are
shown, so that the same exception reads right to each visitor.
"""

from collections.abc import Mapping
from typing import Any, Self

from finance_core.i18n import _


class SisepanError(Exception):
    """Base class. `message` is a message id, `values` fill its `{placeholders}`."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return _(self.message).format(**self.values)

    def as_document(self) -> dict[str, Any]:
        """What MongoDB keeps of it, so that it can still be read in either language: message and values."""
        values = {name: value if isinstance(value, int | float) else str(value) for name, value in self.values.items()}
        return {"message": self.message, "values": values}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The error of an `as_document`."""
        return cls(str(document["message"]), **document.get("values", {}))


class DatabaseUnavailable(SisepanError):
    """The database cannot be reached now; trying again later may help."""


class DatabaseMisconfigured(SisepanError):
    """The database cannot be used until someone changes a setting."""


class DataConflict(SisepanError):
    """What is stored contradicts what this product needs (for example, two bars of one day)."""


class NotAllowed(SisepanError):
    """Whoever asked may only look."""


class FetchFailed(SisepanError):
    """A source of prices answered with something that cannot be stored as bars."""
