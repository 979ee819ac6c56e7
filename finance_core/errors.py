"""Errors a user can meet, each with one sentence that says what was wrong and what to do.

A page shows any of these as one `st.error`, a command as one line on standard error. Every other exception is a defect
and goes to the log with its traceback. Messages are Korean message ids (see `i18n`), translated when they are shown, so
that each visitor reads the same exception in their own language.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from finance_core.i18n import N_, _


class SisepanError(Exception):
    """Base class. `message` is a message id, `values` fill its `{placeholders}`."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return _(self.message).format(**self.values)

    def as_document(self) -> dict[str, Any]:
        """The error as MongoDB stores it (see `documents.Error`)."""
        values = {name: value if isinstance(value, int | float) else str(value) for name, value in self.values.items()}
        return {"message": self.message, "values": values}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The error that `as_document` has stored."""
        return cls(str(document["message"]), **document.get("values", {}))


class DatabaseUnavailable(SisepanError):
    """The database cannot be reached now; later it may be."""


class DatabaseMisconfigured(SisepanError):
    """The database cannot be used until somebody changes a setting."""


class DataConflict(SisepanError):
    """Stored data contradicts what the product needs, for example two bars of one day."""


class NotAllowed(SisepanError):
    """The visitor may look, but not change anything."""


class WrongUse(SisepanError):
    """A command has options that do not fit the data or the terminal; nothing was changed."""


class FetchFailed(SisepanError):
    """A source of prices sent nothing that can be stored as bars."""


def reason_of(error: OSError) -> str:
    """What the operating system says, as "Permission denied"; else the kind of the error."""
    return error.strerror or type(error).__name__


def unwritable(path: Path, error: OSError, kind: type[SisepanError] = SisepanError) -> SisepanError:
    """The error of this `kind` for a file or folder that cannot be written."""
    return kind(N_("{path}에 쓸 수 없습니다({reason})."), path=str(path), reason=reason_of(error))


def data_unwritable(path: Path, error: OSError) -> DatabaseMisconfigured:
    """The error for a file at or below `path`, in the data directory, that cannot be written."""
    sentence = N_(
        "{path}에 쓸 수 없습니다({reason}). 권한과 남은 공간을 확인하거나 "
        "FINANCE_DATA_DIR에 다른 디렉터리를 적으십시오."
    )
    return DatabaseMisconfigured(sentence, path=error.filename or str(path), reason=reason_of(error))
