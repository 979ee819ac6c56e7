"""How the app is doing: visitors, memory, and the slowest page, a line a minute in its log.

Counted for this process, since the last line. No line names a visitor, a session or an address.
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
"""Memory of this process in pages, where the system tells it like this."""

_log = logging.getLogger(__name__)
_lock = threading.Lock()


@dataclass
class Vitals:
    """What was counted."""

    visitors: int = 0
    """Tabs that are open now."""
    drawn: int = 0
    """Pages drawn since the last line."""
    slowest: str = ""
    """The page among them that took longest; "" where none was drawn."""
    seconds: float = 0.0
    """How long it took."""

    def __str__(self) -> str:
        """The line of the log."""
        parts = [f"{self.visitors} visitors", *([f"memory {size} MB"] if (size := memory()) else [])]
        parts.append(f"{self.drawn} pages drawn")
        if self.slowest:
            parts.append(f"slowest {self.slowest} {self.seconds:.2f} s")
        return ", ".join(parts)


_now = Vitals()


@contextmanager
def visitor() -> Iterator[None]:
    """Count a visitor for as long as the block lasts."""
    with _lock:
        _now.visitors += 1
    try:
        yield
    finally:
        with _lock:
            _now.visitors -= 1


@contextmanager
def drawing(page: str) -> Iterator[None]:
    """Count the block as the drawing of `page`."""
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
    """Megabytes of memory that this process occupies; None where the system does not tell."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def tell() -> None:
    """Write the line, and count pages anew."""
    with _lock:
        line = str(_now)
        _now.drawn, _now.slowest, _now.seconds = 0, "", 0.0
    _log.info("%s", line)


def watch(stop: threading.Event) -> None:
    """`tell` every `EVERY` seconds, until `stop`."""
    while not stop.wait(EVERY):
        tell()
