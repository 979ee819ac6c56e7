"""The load of the app: visitors, memory and the slowest page, one line per minute in the log.

The numbers are of this process, since the last line. No line names a visitor, a session or an address.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EVERY = 60.0
"""Seconds between two lines."""
_STATM = Path("/proc/self/statm")
"""The file with the memory of this process, in memory pages; only Linux has it."""

_log = logging.getLogger(__name__)
_lock = threading.Lock()


@dataclass
class Vitals:
    """The counts for one line."""

    visitors: int = 0
    """Tabs that are open now."""
    drawn: int = 0
    """Pages drawn since the last line."""
    slowest: str = ""
    """The page that took longest to draw; "" where none was drawn."""
    seconds: float = 0.0
    """How long the slowest page took."""

    def __str__(self) -> str:
        """The line for the log."""
        parts = [f"{self.visitors} visitors", *([f"memory {size} MB"] if (size := memory()) else [])]
        parts.append(f"{self.drawn} pages drawn")
        if self.slowest:
            parts.append(f"slowest {self.slowest} {self.seconds:.2f} s")
        return ", ".join(parts)


_now = Vitals()


@contextmanager
def visitor() -> Iterator[None]:
    """Count a visitor during the block."""
    with _lock:
        _now.visitors += 1
    try:
        yield
    finally:
        with _lock:
            _now.visitors -= 1


@contextmanager
def drawing(page: str) -> Iterator[None]:
    """Count and time the block as one drawing of `page`."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        taken = time.perf_counter() - begun
        with _lock:
            _now.drawn += 1
            if taken > _now.seconds:
                _now.slowest, _now.seconds = page, taken


def visitors() -> int:
    """How many tabs are open now."""
    return _now.visitors


def memory() -> int | None:
    """Resident memory of this process in MB (2**20 bytes); None where the system has no `/proc`."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def tell() -> None:
    """Write the line to the log, and reset the counts of pages."""
    with _lock:
        line = str(_now)
        _now.drawn, _now.slowest, _now.seconds = 0, "", 0.0
    _log.info("%s", line)


def watch(stop: threading.Event) -> None:
    """Call `tell` every `EVERY` seconds, until `stop` is set."""
    while not stop.wait(EVERY):
        tell()
