"""Numbers as other programs write them: texts with separators or currency signs, Decimal128, splits as ratios.

To read another form of number, add a row to `CLEANINGS`. Pure: values in, an array out. A value that cannot be read
becomes NaN; nothing is guessed.
"""

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt
from bson import Binary, Decimal128

NumberForm = Literal["number", "text", "decimal", "missing"]
Comma = Literal["thousands", "decimals", "either"]
"""What the commas of a number separate."""

CLEANINGS: Final = (
    (re.compile(r"\u00a0"), " "),
    (re.compile(r"(?<![^\s+-])[₩$€¥]|(?<=[\d만억조])\s*[원주]\s*$"), ""),  # a sign before or a unit behind the number
)
"""Replacements that turn a text into a plain number, perhaps with thousands separators."""
NOTHING: Final = ("", "-", "N/A", "NA", "NaN", "nan", "null", "None", "n/a")
"""Texts that mean: no number."""
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:(?:,\d{2,3})*,\d{3}|(?: \d{3})+)(?:\.\d*)?", re.ASCII)
"""A number whose commas or spaces may separate thousands (or, in India, hundreds of thousands)."""
_ONE_COMMA = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}\.?", re.ASCII)
"""A number of `_GROUPED` whose comma may also be that of decimals."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d[\d.]*,\d+", re.ASCII)
"""A number whose comma is that of decimals, if it is not `_GROUPED`."""
SCALES: Final = {"K": 1e3, "M": 1e6, "B": 1e9, "천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12}
"""The factor of each unit behind a number, as in 12.1M; one text may have several, as in 1억 2,345만."""
_WHOLE = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_SCALED = re.compile(rf"([+-]?)((?:{_WHOLE}(?:\.\d+)?\s*[KMB천만억조]\s*)+)({_WHOLE})?", re.ASCII | re.IGNORECASE)
_PART = re.compile(r"([\d,.]+)\s*([KMB천만억조])", re.ASCII | re.IGNORECASE)
_POINTED = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+", re.ASCII)
"""A number whose points may separate thousands, as in 1.234.567."""
_POINT = re.compile(r"[+-]?\d*\.\d+", re.ASCII)
_RATIO = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[:/]\s*(\d+(?:\.\d+)?)\s*", re.ASCII)
_NO_NUMBERS = frozenset({bool, bytes, Binary, list, dict, tuple, dt.datetime})
"""Types that are no numbers, but that numpy would convert to one number or to several."""


def numbers(values: Sequence[Any], *, ratios: bool = False) -> npt.NDArray[np.float64]:
    """Each value as a float; NaN where it is missing or no number.

    A comma that does not separate thousands, as in "1,5", makes the number ambiguous: NaN. With `ratios`, a text may be
    a split such as "2:1".
    """
    if _NO_NUMBERS.isdisjoint(map(type, values)):
        try:
            return np.array(values, dtype="float64")  # None becomes NaN
        except (ValueError, TypeError, OverflowError):
            pass  # convert each value by itself, below
    return np.array([_number(value, ratios) for value in values], dtype="float64")


def points(values: Sequence[Any]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Two masks: the values that are texts with a point, and those of them whose points may separate thousands."""
    texts = [value.strip() if isinstance(value, str) and "." in value else "" for value in values]
    may_be_thousands = [bool(text and _POINTED.fullmatch(text)) for text in texts]
    return np.array(list(map(bool, texts)), dtype=bool), np.array(may_be_thousands, dtype=bool)


def commas(values: Sequence[Any]) -> dict[Comma, npt.NDArray[np.bool_]]:
    """For each meaning of commas a mask of the values that are texts and show it."""
    kinds = [_comma(_plain(value)) if isinstance(value, str) else None for value in values]
    return {kind: np.array([each == kind for each in kinds], dtype=bool) for kind in get_args(Comma)}


def _comma(text: str) -> Comma | None:
    if _ONE_COMMA.fullmatch(text):
        return "either"
    if _GROUPED.fullmatch(text):
        return "decimals" if " " in text else "thousands"  # a comma beside 1 234 567 is not that of thousands
    if _POINT.fullmatch(text):
        return None if _POINTED.fullmatch(text) else "thousands"  # nor is one beside 987.5 that of decimals
    return "decimals" if _DECIMAL_COMMA.fullmatch(text) else None


def is_missing(value: Any) -> bool:
    """Whether there is no value. A value that cannot be read is not missing."""
    return value is None or value != value or (isinstance(value, str) and value.strip() in NOTHING)


def is_decimal(text: str) -> bool:
    """Whether a text is a number with a point, which no ticker and no day is.

    >>> is_decimal("1,300.5"), is_decimal("005930"), is_decimal("2024.01.02")
    (True, False, False)
    """
    return _POINT.fullmatch(text.strip().replace(",", "")) is not None


def form_of(value: Any) -> NumberForm:
    """How a number is stored."""
    if isinstance(value, str):
        return "text" if value.strip() else "missing"
    if isinstance(value, Decimal128):
        return "decimal"
    return "number" if isinstance(value, int | float) and value == value else "missing"


def _number(value: Any, ratios: bool) -> float:
    if isinstance(value, str):
        return _number_of_text(value, ratios)
    if isinstance(value, bool | bytes):
        return np.nan
    try:
        return float(value.to_decimal() if isinstance(value, Decimal128) else value)
    except (ValueError, TypeError, OverflowError):
        return np.nan


@lru_cache(maxsize=65_536)
def _number_of_text(text: str, ratios: bool) -> float:
    ratio = _RATIO.fullmatch(text) if ratios else None
    text = _plain(text)
    if scaled := _SCALED.fullmatch(text):
        return _scaled(scaled)
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "").replace(" ", "")
    try:
        return float(ratio[1]) / float(ratio[2]) if ratio else float(text)
    except (ValueError, ZeroDivisionError):
        return np.nan


def _plain(text: str) -> str:
    for pattern, replacement in CLEANINGS:
        text = pattern.sub(replacement, text)
    return text.strip()


def _scaled(text: "re.Match[str]") -> float:
    sign, parts, rest = text.groups()
    number = sum(float(count.replace(",", "")) * SCALES[unit.upper()] for count, unit in _PART.findall(parts))
    number += float(rest.replace(",", "")) if rest else 0.0
    return round(-number if sign == "-" else number, 6)
