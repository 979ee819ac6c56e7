"""Fields beside a bar that change what it means: the unit of its prices, and whether it counts at all. Pure."""

import re
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from finance_core.errors import SisepanError
from finance_core.foreign import raw_tickers
from finance_core.foreign.shapes import Rows
from finance_core.i18n import N_

NO: Final = frozenset({"0", "0.0", "f", "false", "n", "no", "x"})
"""Words for no, in small letters, as flags have them."""
UNTOLD: Final = frozenset({"", "none", "nan", "<na>"})
PLAIN: Final = frozenset(
    {
        *UNTOLD,
        *("1", "1.0", "주", "share", "shares", "%", "p", "pt", "pts", "point", "points", "포인트"),
        *("d", "1d", "day", "days", "daily", "일", "일봉"),
    }
)
"""Units of a number or a bar, in small letters, that leave prices as they are; beside them, currencies do."""
_UNIT: Final = re.compile(
    r"(\d[\d,]*|십|백|천|만|십만|백만|천만|억|십억|조|thousands?|millions?|billions?)?\s*"
    r"(원|주|달러|won|krw|usd|us\$|[$₩￦]|shares?)?",
    re.IGNORECASE,
)
_IN_TITLE: Final = re.compile(r"(?:단위|\bunits?\s*[:=])([^)\]]*)", re.IGNORECASE)

OTHER_UNIT: Final = N_(
    "가격의 단위가 {unit}(이)라서 읽지 않습니다. 원·달러처럼 통화 하나의 가격으로 바꾸어 저장한 뒤 가져오십시오."
)


def in_force(rows: Rows) -> npt.NDArray[np.bool_]:
    """The rows that no field calls deleted or not valid."""
    result = np.ones(len(rows), dtype=bool)
    for name, is_no in (("deleted", True), ("valid", False)):
        if name in rows.columns:
            words = map(_word, rows.columns[name])
            result &= [word in UNTOLD or (word in NO) == is_no for word in words]
    return result


def units(portions: Iterable[Rows]) -> dict[Any, set[str]]:
    """The units that rows name, by their raw ticker."""
    result: dict[Any, set[str]] = {}
    for rows in portions:
        raws = raw_tickers.keys_of(rows.columns["ticker"]) if "unit" in rows.columns else []
        for raw, unit in zip(raws, rows.columns.get("unit", ()), strict=True):
            result.setdefault(raw, set()).add(str(unit))
    return result


def in_titles(lines: Iterable[str]) -> list[str]:
    """The units that lines above a table name.

    >>> in_titles(["삼성전자 일 단위 시세", "(단위 : 원, 천주)", "단위: 1,000원", "Unit: USD"])
    ['원', '천주', '1,000원', 'USD']
    """
    told = (found for line in lines for found in _IN_TITLE.findall(line))
    words = (word for text in told for word in re.split(r"[\s:=;/·|\"]+|,(?!\d)", text))
    return [word for word in words if word and _UNIT.fullmatch(word)]


def with_units(names: Iterable[str], below: Iterable[str]) -> list[str] | None:
    """The names of columns with the units `below` them in brackets; None where the line below has none.

    >>> with_units(["일자", "종가", "거래량"], ["", "천원", "주"])
    ['일자', '종가(천원)', '거래량(주)']
    """
    pairs = [(name, text.strip("()[] ")) for name, text in zip(names, below, strict=False)]
    texts = [text for _name, text in pairs if text]
    if not texts or not all(_UNIT.fullmatch(text) and not text[-1].isdecimal() for text in texts):
        return None
    return [f"{name}({text})" if text else name for name, text in pairs]


def require_plain(written: Iterable[str], currency: str) -> None:
    """Raise SisepanError if one of these units makes a price another number than it is in `currency` ("": in none)."""
    for unit in sorted(written):
        named = raw_tickers.currencies([unit])
        if _word(unit) not in PLAIN and not (named and currency in ("", *named)):
            raise SisepanError(OTHER_UNIT, unit=unit[:40])


def _word(value: Any) -> str:
    return str(value).strip().casefold()
