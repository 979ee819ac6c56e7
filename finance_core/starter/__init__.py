"""Lists of tickers: what a fresh installation shows, a file a category, and whole markets, a file a source; aliases."""

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from finance_core.categories import KOREAN_STOCKS, US_STOCKS, Category
from finance_core.i18n import N_

SHIPPED = Path(__file__).parent
DIRECTORY = SHIPPED
"""Where the lists are that a fresh installation shows; tests have shorter ones."""


@dataclass(frozen=True)
class MarketList:
    """A market or index whose tickers can be registered at once."""

    key: str
    """As the command line names it."""
    title: str
    """Message id."""
    category: Category
    file: str
    """Name of the CSV that has its tickers."""
    market: str = ""
    """Key of the market whose tickers it takes; "" takes all."""


MARKET_LISTS = (
    MarketList("kospi", N_("코스피"), KOREAN_STOCKS, "krx", "KOSPI"),
    MarketList("kosdaq", N_("코스닥"), KOREAN_STOCKS, "krx", "KOSDAQ"),
    MarketList("sp500", N_("S&P 500"), US_STOCKS, "sp500"),
)
SEGMENTS = {"KOSDAQ GLOBAL": "KOSDAQ"}
"""Segments that a source names beside their market."""


class Shipped(NamedTuple):
    """The tickers of a market as they are in this version of the program."""

    date: dt.date
    """The day of which the list is true."""
    rows: list[dict[str, str]]
    """Ticker, name, name_en, market, industry; "" where not known. A market may be one that no category has."""
    shares: dict[str, int]
    """Shares listed, by ticker; empty where the source does not tell them."""


def rows(category: Category) -> list[dict[str, str]]:
    """The tickers a category begins with: ticker, name and market, and more where known. Empty where it has no list.

    Their industries are those of the lists of whole markets.
    """
    path = DIRECTORY / f"{category.key}.csv"
    files = {each.file for each in MARKET_LISTS if each.category is category}
    industries = {row["ticker"]: {"industry": row["industry"]} for file in files for row in shipped(file).rows}
    return [row | industries.get(row["ticker"], {}) for row in _read(path)[1]] if path.exists() else []


@cache
def aliases() -> dict[tuple[str, str], tuple[str, ...]]:
    """What people also call a ticker, by key of the category and ticker."""
    result: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in _read(SHIPPED / "aliases.csv")[1]:
        key = row["category"], row["ticker"]
        result[key] = (*result.get(key, ()), row["alias"])
    return result


@cache
def shipped(file: str) -> Shipped:
    """The list in the CSV called `file`, whose comments give its date. Its rows are read once: do not change them."""
    about, tickers = _read(SHIPPED / f"{file}.csv")
    shares = {row["ticker"]: int(row.pop("shares")) for row in tickers if "shares" in row}
    return Shipped(
        dt.date.fromisoformat(about["date"]),
        [{**row, "market": SEGMENTS.get(row["market"], row["market"])} for row in tickers],
        shares,
    )


def _read(path: Path) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The `# key: value` lines before the header of a CSV, and its rows."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line.removeprefix("#") for line in lines if line.startswith("#")]
    about = {key.strip(): value.strip() for key, _colon, value in (line.partition(":") for line in comments)}
    return about, list(csv.DictReader(line for line in lines if not line.startswith("#")))
