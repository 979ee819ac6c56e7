"""Where the log goes: a file in the data directory, one for the commands and one for the app."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from finance_core import settings
from finance_core.errors import DatabaseMisconfigured
from finance_core.i18n import N_

LOG_BYTES = 5_000_000
"""A longer log is put aside, in place of the one before."""


def file(name: str) -> Path:
    """The log file called `name`."""
    return settings.data_dir() / "log" / f"{name}.log"


def to_file(name: str, *, warnings_on_terminal: bool = False) -> None:
    """Send the log of this process to the file called `name`, from information on for what is ours.

    `warnings_on_terminal` sends what is a warning or worse to standard error as well.

    Raises DatabaseMisconfigured where it cannot be written.
    """
    logging.raiseExceptions = False  # a full disk is no reason for a traceback on the terminal
    path = file(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    except OSError as error:
        raise DatabaseMisconfigured(
            N_(
                "{path}에 쓸 수 없습니다({reason}). 권한과 남은 공간을 확인하거나 "
                "FINANCE_DATA_DIR에 다른 디렉터리를 적으십시오."
            ),
            path=error.filename or str(path),
            reason=error.strerror or type(error).__name__,
        ) from error
    handlers: list[logging.Handler] = [handler]
    if warnings_on_terminal:
        terminal = logging.StreamHandler()
        terminal.setLevel(logging.WARNING)
        handlers.append(terminal)
    logging.basicConfig(handlers=handlers, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # No filter keeps them from the terminal: pandas puts another before it for moments, and that is for all threads.
    logging.captureWarnings(True)
    for package in ("finance_core", "updaters"):
        logging.getLogger(package).setLevel(logging.INFO)
