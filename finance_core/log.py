"""The log: a file in the data directory for the app, and one for each kind of command."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from finance_core import settings
from finance_core.errors import DatabaseMisconfigured
from finance_core.i18n import N_

LOG_BYTES = 5_000_000
"""A longer log is renamed, and replaces the last one that was."""


def file(name: str) -> Path:
    """The log file called `name`."""
    return settings.data_dir() / "log" / f"{name}.log"


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
        sentence = N_(
            "{path}에 쓸 수 없습니다({reason}). 권한과 남은 공간을 확인하거나 "
            "FINANCE_DATA_DIR에 다른 디렉터리를 적으십시오."
        )
        place, reason = error.filename or str(path), error.strerror or type(error).__name__
        raise DatabaseMisconfigured(sentence, path=place, reason=reason) from error
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    handlers: list[logging.Handler] = [handler, terminal] if warnings_on_terminal else [handler]
    logging.basicConfig(handlers=handlers, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # A filter cannot keep warnings off the terminal: pandas changes the filters of all threads for a short time.
    logging.captureWarnings(True)
    for package in ("finance_core", "updaters"):
        logging.getLogger(package).setLevel(logging.INFO)
