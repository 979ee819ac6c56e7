"""The stand-in for Yahoo in a process of its own, so that its work is not counted as that of whoever asks it.

As a program it serves American tickers: its arguments say how many, and how many bars each has. It prints the
environment that leads a client to it, as JSON in one line, and then takes, a line each, the seconds of delay before
each answer from there on, until its standard input ends.
"""

import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import exchange_calendars
import pandas as pd
import pytest

from tests.yahoo import Listing, YahooStandIn, random_walk

PROJECT = Path(__file__).resolve().parents[2]
LETTERS = [chr(ord("A") + number) for number in range(26)]


def names(count: int) -> list[str]:
    """Tickers of three letters."""
    return [first + second + third for first in LETTERS for second in LETTERS for third in LETTERS][:count]


@cache
def days(bars: int) -> pd.DatetimeIndex:
    """Sessions of New York up to a Friday that is long past."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.Pandas4Warning)
        exchange = exchange_calendars.get_calendar("XNYS", start="1980-01-01", end="2026-01-30")
    return pd.DatetimeIndex(exchange.sessions[-bars:].tz_localize(None))


def raw_bars(number: int, bars: int) -> pd.DataFrame:
    """What Yahoo has of the ticker of that number."""
    return random_walk(days(bars), number)


class YahooProcess:
    """The stand-in of the process that `serving` has started."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def delay(self, seconds: float) -> None:
        """Answer only after so many seconds, from here on."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        assert float(self._process.stdout.readline()) == seconds


@contextmanager
def serving(tickers: int, bars: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[YahooProcess]:
    """The stand-in with that many tickers, to which this process and its subprocesses are led."""
    arguments = [sys.executable, "-m", __name__, str(tickers), str(bars)]
    with subprocess.Popen(arguments, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for name, value in json.loads(process.stdout.readline()).items():
            monkeypatch.setenv(name, value)
        yield YahooProcess(process)


def main() -> None:
    tickers, bars = (int(argument) for argument in sys.argv[1:])
    new_york = {"currency": "USD", "exchange": "NYQ", "timezone": "America/New_York", "opens": "09:30"}
    listings = {name: Listing(raw_bars(number, bars), **new_york) for number, name in enumerate(names(tickers))}
    with YahooStandIn(listings) as yahoo:
        sys.stdout.write(json.dumps(yahoo.env) + "\n")
        sys.stdout.flush()
        for line in sys.stdin:
            yahoo.delay = float(line)
            sys.stdout.write(f"{yahoo.delay}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
