"""Which of several rows of a day is the newest, by what fields beside them say. Pure: values in, numbers out."""

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from finance_core.foreign import dates, field_names, numbers, qualifiers

WORDS: Final = {
    **dict.fromkeys(("final", "finalized", "confirmed", "확정", "확정치"), True),
    **dict.fromkeys(("provisional", "preliminary", "draft", "잠정", "잠정치", "미확정", "임시", "가집계"), False),
}
"""Words, in small letters, that say whether a row is final."""
FLAGS: Final = {
    field_names.FINAL: WORDS | dict.fromkeys(qualifiers.YES, True) | dict.fromkeys(qualifiers.NO, False),
    field_names.PROVISIONAL: WORDS | dict.fromkeys(qualifiers.YES, False) | dict.fromkeys(qualifiers.NO, True),
    **dict.fromkeys(field_names.QUALIFIERS["status"], WORDS),
}
"""By our name of a field: what its words say of whether a row is final."""
FIELDS: Final = (*FLAGS, field_names.NEWER)
"""Our names of the fields that tell the row to use, the surest first."""
_VERSION: Final = re.compile(r"([^\W\d]*)[\s._-]*([0-9]+(?:[._-][0-9]+)*)\s*([^\W\d]*)")
"""A version: a word, whole numbers with points between them, a word."""
_DAY_FIRST: Final = re.compile(r"[0-9]{1,2}[._-][0-9]{1,2}[._-][0-9]{4}")
"""A day that would be read backwards as a version."""
_SECONDS: Final = 1e9
"""A number from here on counts seconds, whose decimals are no part of a version."""


def ranks(field: str, values: Sequence[Any]) -> "npt.NDArray[np.float64] | None":
    """A number for each value of our `field`, greater for the row to prefer; None where some value tells nothing.

    >>> ranks("newer", ["1.9", "1.10"]).tolist(), ranks("final", ["Y", "N"]).tolist(), ranks("final", [True, None])
    ([0.0, 1.0], [1.0, 0.0], None)
    """
    if any(map(numbers.is_missing, values)):
        return None
    if field in FLAGS:
        told = np.array([FLAGS[field].get(str(value).strip().casefold()) for value in values], dtype="float64")
    else:
        told = np.array([np.nan]) if any(isinstance(value, bool) for value in values) else _newness(values)
    return None if np.isnan(told).any() else told


def _newness(values: Sequence[Any]) -> npt.NDArray[np.float64]:
    """Numbers as they are; texts as moments, else as versions: 1.10 is newer than 1.9. NaN where one is neither."""
    told = numbers.numbers(values)
    is_text = any(isinstance(value, str) for value in values)
    if not np.isnan(told).any() and (not is_text or (told >= _SECONDS).all()):
        return told
    moments = dates.moments(values, dates.convention_of(values))
    if not np.isnat(moments).any():
        return moments.astype("int64").astype("float64")
    texts = [str(value).strip() for value in values]
    found = [None if _DAY_FIRST.fullmatch(text) else _VERSION.fullmatch(text) for text in texts]
    matches = [match for match in found if match]
    if len(matches) < len(texts) or len({(match[1], match[3]) for match in matches}) > 1:
        return np.full(len(texts), np.nan)
    versions = [tuple(map(int, re.split("[._-]", match[2]))) for match in matches]
    order = {version: rank for rank, version in enumerate(sorted(set(versions)))}
    return np.array([order[version] for version in versions], dtype="float64")
