"""Fields beside a bar that change what it means: the unit of its values, and whether it counts at all. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from finance_core.errors import SisepanError
from finance_core.foreign import field_names, raw_tickers, unread
from finance_core.foreign.shapes import Rows
from finance_core.i18n import N_
from finance_core.storage import locations

NO: Final = frozenset({"0", "0.0", "0.00", "f", "false", "n", "no", "x", "아니오", "아니요"})  # x as in O and X
NOT_IN_FORCE: Final = {
    "deleted": (False, NO | {"미삭제", "사용", "유효", "정상"}),
    "valid": (True, NO | {"deleted", "inactive", "invalid", "무효", "미사용", "삭제", "취소"}),
    "status": (
        True,
        frozenset({"canceled", "cancelled", "deleted", "error", "invalid", "removed", "무효", "삭제", "취소"}),
    ),
}
"""For each kind of flag: whether the words, in small letters, say that a row does not count, or all others do."""
YES: Final = frozenset({"1", "1.0", "t", "true", "y", "yes", "o", "예"})
ADJUSTMENTS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("adjusted", "adj", "수정", "수정가", "수정주가", "수정종가"), True),
    **dict.fromkeys(("raw", "unadjusted", "unadj", "원주가", "비수정", "비수정주가", "무수정", "미수정"), False),
}
"""Words, in small letters, that say in any field whether prices are adjusted."""
UNTOLD: Final = frozenset({"", "-", "<na>", "n/a", "nan", "nat", "none", "null"})
PLAIN: Final = frozenset(
    {
        *UNTOLD,
        *("주", "주당", "share", "shares", "per", "%", "p", "pt", "pts", "point", "points", "포인트", "점"),
        *("index", "지수", "d", "day", "days", "daily", "일", "일봉"),
    }
)
"""Units of a value or a bar, in small letters, that leave values as they are; beside them, currencies do."""
_UNIT: Final = re.compile(
    r"(\d[\d,]*|십|백|천|만|십만|백만|천만|억|십억|조|thousands?|millions?|billions?)?\s*"
    r"(원|주|달러|센트|엔|유로|위안|won|yen|cents?|krw|usd|jpy|eur|cny|us\$|[$₩￦€¥]|shares?)?",
    re.IGNORECASE,
)
MONEY: Final = ("원", "달러")
"""How the units of prices and of amounts end."""
_BESIDE_UNITS: Final = frozenset({"", "%", "배", "일", "ea", "-", "yyyymmdd", "yyyy-mm-dd"})
"""What a line of units has below columns that are no prices."""
_IN_TITLE: Final = re.compile(
    r"(?:단위\s*([:：=]?)|\b(?:units?|currency|통화)(?:\s*([:：=])|\s+in\b)|\bin (?=thousand|million|billion))(.*)",
    re.IGNORECASE,
)
_IN_BRACKETS: Final = re.compile(r"[(\[（]([^()\[\]（）]*)[)\]）]")
_BETWEEN: Final = re.compile(r"[\s:：=;/·|\"()\[\]（）]+|,(?!\d)")

OTHER_UNIT: Final = N_(
    "값의 단위가 {unit}(이)라서 읽지 않습니다. 원·달러처럼 통화 하나의 가격과 한 주씩 센 거래량으로 바꾸어 저장한 뒤 "
    "가져오십시오."
)

OTHER_UNIT_OF_FIELD: Final = N_(
    "{fields}에 적힌 값의 단위가 {unit}(이)라서 읽지 않습니다. 원·달러처럼 통화 하나의 가격과 한 주씩 센 거래량으로 "
    "바꾸어 저장한 뒤 가져오십시오."
)

ADJUSTED_BESIDE_RAW = N_(
    "수정주가인 행과 수정하지 않은 행이 한 종목에 섞여 있습니다({fields} 필드: {values}). "
    "한쪽 행만 남긴 뒤 가져오십시오."
)


def in_force(rows: Rows) -> npt.NDArray[np.bool_]:
    """The rows that no field calls deleted or not valid."""
    result = np.ones(len(rows), dtype=bool)
    for kind, (is_out, words) in NOT_IN_FORCE.items():
        for values in (rows.columns[name] for name in fields(rows, kind)):
            result &= [word in UNTOLD or (word in words) != is_out for word in map(_word, values)]
    return result


def units(rows: Rows) -> list[str] | None:
    """What each row says of the unit of its values; None where no row says anything."""
    told = [rows.columns[name] for name in fields(rows, "unit")]
    return [" ".join(map(str, of_row)) for of_row in zip(*told, strict=True)] if told else None


def adjustments(rows: Rows) -> dict[str, list[bool | None]]:
    """By field that says it: whether the prices of each row are adjusted; None where it says nothing of a row."""
    told = ((name, _adjustments(name, rows.columns[name])) for name in unread.fields(rows.columns))
    return {name: are_so for name, are_so in told if {*are_so} != {None}}


def is_flag(name: str) -> bool:
    """Whether a field says by yes or no that prices are adjusted."""
    return locations.bare(field_names.folded(name.rpartition(".")[2])) in field_names.ADJUSTED_FLAGS


def are_both(name: str, values: Sequence[Any]) -> bool:
    """Whether the values of a field call some prices adjusted and others not."""
    return {*_adjustments(name, values)} >= {True, False}


def are_sure(name: str, values: Sequence[Any]) -> bool:
    """Whether each value of a field calls prices adjusted or not. A number may be a ratio that was 1 so far."""
    return {*map(type, values)} <= {str, bool} and None not in _adjustments(name, values)


def _adjustments(name: str, values: Sequence[Any]) -> list[bool | None]:
    known = {**ADJUSTMENTS, **(dict.fromkeys(YES, True) | dict.fromkeys(NO, False) if is_flag(name) else {})}
    return [known.get(_word(value)) for value in values]


def are_adjusted(rows: Rows) -> list[bool | None] | None:
    """Whether the prices of each row are adjusted, by the first field that says it; None where none says it."""
    told = adjustments(rows).values()
    return [next((is_so for is_so in of_row if is_so is not None), None) for of_row in zip(*told, strict=True)] or None


def fields(rows: Rows, kind: str) -> list[str]:
    """The fields of `rows` of one kind of `field_names.QUALIFIERS`, as it names them."""
    return [name for name in field_names.QUALIFIERS[kind] if name in rows.columns]


def in_titles(lines: Iterable[str]) -> list[str]:
    """The units that lines above a table name.

    Of amounts, which have larger units, a title may tell too: they do not count beside that of the prices.

    >>> in_titles(["일 단위 시세 2024", "(단위 : 원, 천주)", "단위: 1,000원", "Unit: USD", "단위: 원, 주, 백만원"])
    ['원', '천주', 'USD', '주']
    """
    told = []
    for line in lines:
        for colon, other_colon, text in _IN_TITLE.findall(line):
            words = [word for word in _BETWEEN.split(text) if word]
            told += [word for word in words[:1] if word.isdecimal() and (colon or other_colon)]
            told += units_of(words)
        for text in _IN_BRACKETS.findall(line):
            words = [word for word in _BETWEEN.split(text) if word]
            told += words if words == units_of(words) else []
    has_plain = any(raw_tickers.currencies([word]) for word in told)
    amounts = {word for word in told if has_plain and word.endswith(MONEY) and word not in MONEY}
    return [word for word in dict.fromkeys(told) if word not in amounts]


def units_of(words: Iterable[str]) -> list[str]:
    """Those of the words that are units."""
    return [word for word in words if word and _UNIT.fullmatch(word) and not word.isdecimal()]


def with_units(names: Iterable[str], below: Sequence[str]) -> list[str] | None:
    """The names of columns with the units `below` them in brackets; None where the line below has none.

    >>> with_units(["일자", "종가", "등락률", "거래량"], ["", "천원", "%", "주"])
    ['일자', '종가(천원)', '등락률', '거래량(주)']
    """
    texts = [text.strip("()[] ") for text in below]
    are_units = [bool(text and _UNIT.fullmatch(text) and not text[-1].isdecimal()) for text in texts]
    is_other = [text.casefold() in _BESIDE_UNITS for text in texts]
    if not any(are_units) or not all(map(max, are_units, is_other)):
        return None
    cells = zip(names, texts, are_units, strict=False)
    return [f"{name}({text})" if is_unit else name for name, text, is_unit in cells]


def require_plain(written: Iterable[str], currency: str) -> None:
    """Raise SisepanError if one of these units makes a value another number than in `currency` ("": in none) or shares.

    >>> require_plain(["원/주", "KRW", "1.0"], "KRW")
    """
    for unit in written:
        for part in [unit] if _word(unit) in PLAIN else _BETWEEN.split(unit):
            part = re.sub(r"^1(\.0+)?(?![\d.,])", "", part)
            named = raw_tickers.currencies([part])
            if not (_word(part) in PLAIN or (named and currency in ("", *named))):
                raise SisepanError(OTHER_UNIT, unit=unit[:40])


def _word(value: Any) -> str:
    return str(value).strip().casefold()
