"""The log: a file in the data directory for the app, and one for each kind of command.

A file that reaches `LOG_BYTES` is renamed, so that the files of a log never take more than twice `LOG_BYTES`.
"""

import datetime as dt
import logging
import re
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import NamedTuple

from finance_core import settings
from finance_core.errors import data_unwritable

LOG_BYTES = 5_000_000
"""A longer log is renamed, and replaces the log that was renamed before."""
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_ERROR = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} (?:ERROR|CRITICAL) (\S+) (.*)$", re.MULTILINE)
"""The first line of an error in a log of `FORMAT`; its traceback follows."""


class Entry(NamedTuple):
    """An error in a log."""

    moment: dt.datetime
    """In UTC, tz-naive, to the second."""
    log: str
    """Name of the log: app, update, …"""
    origin: str
    """The module that wrote it."""
    message: str


def directory() -> Path:
    """The directory of all logs of this installation."""
    return settings.data_dir() / "log"


def file(name: str) -> Path:
    """The log file called `name`."""
    return directory() / f"{name}.log"


def to_file(name: str, *, warnings_on_terminal: bool = False) -> None:
    """Write the log of this process to the file called `name`: our own messages from INFO on, others from WARNING on.

    `warnings_on_terminal` also sends warnings and errors to standard error. Raises DatabaseMisconfigured if the file
    cannot be written.
    """
    logging.raiseExceptions = False  # no traceback on the terminal if the disk is full
    path = file(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    except OSError as error:
        raise data_unwritable(path, error) from error
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    handlers: list[logging.Handler] = [handler, terminal] if warnings_on_terminal else [handler]
    logging.basicConfig(handlers=handlers, format=FORMAT)
    # A filter cannot keep warnings off the terminal: pandas changes the filters of all threads for a short time.
    logging.captureWarnings(True)
    for package in ("finance_core", "updaters"):
        logging.getLogger(package).setLevel(logging.INFO)


def errors(since: dt.datetime) -> list[Entry]:
    """The errors in all logs of this data directory from `since` (tz-aware) on, newest first.

    A log that cannot be read counts as empty, so that the errors in the other logs still show.
    """
    entries: list[Entry] = []
    for path in directory().glob("*.log*"):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            logging.getLogger(__name__).warning("%s cannot be read: %s", path, error.strerror)
            continue
        for at, origin, message in _ERROR.findall(text):
            moment = dt.datetime.fromisoformat(at).astimezone(dt.UTC)  # written in the time zone of this machine
            if moment >= since:
                entries.append(Entry(moment.replace(tzinfo=None), path.name.partition(".")[0], origin, message))
    return sorted(entries, reverse=True)
