"""The editable fields of a ticker, as data.

A field is a row of `FIELDS`. The grid, the lists that people upload and download, the form, the history and undo all
follow this table; no code elsewhere branches on a field. To add a field (for example a note), add a row here and its
stored type to `TickerRow` in `storage.documents`.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from finance_core import formats
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_, _, in_all_languages

MARKERS = {"circle": "●", "rect": "■", "triangle": "▲", "diamond": "◆", "pin": "▼", "arrow": "➤", "emptyCircle": "○"}
"""Markers that a comparison chart can draw (ECharts' names), with the symbol that lists show for each."""
YES_NO = {True: N_("예"), False: N_("아니요")}
"""Message ids of the values of a check box."""
NAME_LIMIT = 200
"""Characters."""
CONTROL = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories of control characters and line breaks."""
DIRECTIONS = ("LRE", "RLE", "LRO", "RLO", "LRI", "RLI", "FSI", "PDF", "PDI")
"""Unicode classes of invisible characters that change the direction of the text after them."""


def clean_name(value: object) -> str:
    """`value` as a name: normalized, without spaces around it. Raises SisepanError with the rule that it breaks."""
    name = clean_text(value)
    if not name:
        raise SisepanError(N_("이름이 비어 있습니다."))
    return name


def clean_text(value: object) -> str:
    """As `clean_name`, but "" if `value` has no visible character."""
    name = unicodedata.normalize("NFC", str(value or "")).strip()
    if not any(unicodedata.category(char) not in ("Cf", "Zs") for char in name):
        return ""
    if len(name) > NAME_LIMIT:
        raise SisepanError(N_("이름이 {limit}자를 넘습니다."), limit=NAME_LIMIT)
    if any(unicodedata.category(char) in CONTROL or unicodedata.bidirectional(char) in DIRECTIONS for char in name):
        raise SisepanError(N_("제어 문자가 있습니다. 그 글자를 지우십시오."))
    return name


def _markets(category: Category) -> Sequence[str]:
    return ["", *(market.key for market in category.markets)]


def _clean_market(category: Category, value: Any, before: Any) -> str:
    # The row may keep a market that it has already, even one that the category does not know.
    if value not in {*_markets(category), str(before or "")}:
        sentence = N_("모르는 시장입니다: {market}. 쓸 수 있는 것: {known}")
        known = ", ".join(market.key for market in category.markets)
        raise SisepanError(sentence, market=str(value)[:40], known=known)
    return str(value)


def _market_words(category: Category) -> dict[str, str]:
    return {word: market.key for market in category.markets for word in (market.key.lower(), *market.names)}


def _clean_marker(_category: Category, value: Any, _before: Any) -> str:
    if value not in MARKERS:
        sentence = N_("모르는 표식입니다: {marker}. 쓸 수 있는 것: {known}")
        known = ", ".join(f"{marker} {symbol}" for marker, symbol in MARKERS.items())
        raise SisepanError(sentence, marker=str(value)[:40], known=known)
    return str(value)


def _marker_words(_category: Category) -> dict[str, str]:
    return {word: marker for marker, symbol in MARKERS.items() for word in (marker.lower(), symbol)}


def _clean_active(_category: Category, value: Any, _before: Any) -> bool:
    if not isinstance(value, bool):
        raise SisepanError(N_("사용 여부는 예 또는 아니요여야 합니다."))
    return value


def _active_words(_category: Category) -> dict[str, bool]:
    shown = {word.lower(): value for value, title in YES_NO.items() for word in in_all_languages(title)}
    yes, no = ("true", "1", "y"), ("false", "0", "n", "아니오")  # Excel writes TRUE
    return {**dict.fromkeys(yes, True), **dict.fromkeys(no, False), **shown}


@dataclass(frozen=True)
class TickerField:
    """One editable field of a ticker."""

    key: str
    """As stored in `ticker_metadata`, and as exported lists name the column."""
    title: str
    """Message id."""
    check: Callable[[Category, Any, Any], Any]
    """Takes the category, a value and the value before it. Returns the value as it may be stored; raises SisepanError
    with the rule that the value breaks."""
    width: int
    """Width of its column in the grid, in pixels; the least width if any text is allowed."""
    default: str | bool | None = ""
    """The value of a row that stores none. A bool makes the field a check box. None means: the ticker itself, and the
    grid marks empty text."""
    choices: Callable[[Category], Sequence[str]] | None = None
    """The values that the grid and the form offer; None means: any text."""
    symbols: Mapping[str, str] = field(default_factory=dict)
    """The symbol that lists show instead of a value, by value."""
    headers: tuple[str, ...] = ()
    """Names of its column in uploaded lists, in lower case; empty where uploaded lists do not set it."""
    needs_header: bool = False
    """Whether uploaded lists set it only under one of `headers`: a list without a header has no column of it."""
    words: Callable[[Category], Mapping[str, Any]] = lambda _category: {}
    """The words, in lower case, that stand for values in uploaded lists; any other text is the value itself."""
    in_form: bool = False
    """Whether the form that adds one ticker asks for it."""
    is_detail: bool = False
    """Whether the grid shows its column after those of the bars."""
    limit: int = 0
    """The grid marks text with more characters, or with control characters; 0 means: no text is marked."""

    @property
    def is_text(self) -> bool:
        """Whether any text is allowed."""
        return self.choices is None and not isinstance(self.default, bool)

    def shown(self, row: Mapping[str, Any]) -> Any:
        """The value that an editor sees in a stored row."""
        stored = row.get(self.key)
        if isinstance(self.default, bool):
            return stored if isinstance(stored, bool) else self.default
        return str(stored or (row["ticker"] if self.default is None else self.default))

    def label(self, value: Any) -> str:
        """The text of a value in a table; None means: there is no value."""
        if value is None:
            return formats.MISSING
        if isinstance(value, bool):
            return _(YES_NO[value])
        return self.symbols.get(value, str(value))


FIELDS: tuple[TickerField, ...] = (
    TickerField(
        key="name",
        title=N_("이름"),
        check=lambda _category, value, _before: clean_name(value),
        width=150,
        default=None,
        headers=("name", "종목명", "이름", "회사명", "한글명", "한글 종목명", "한글 종목약명"),
        in_form=True,
        limit=NAME_LIMIT,
    ),
    TickerField(
        key="market",
        title=N_("시장"),
        check=_clean_market,
        width=95,
        choices=_markets,
        headers=("market", "exchange", "시장", "시장구분", "거래소"),
        words=_market_words,
        in_form=True,
    ),
    TickerField(
        key="marker",
        title=N_("표식"),
        check=_clean_marker,
        width=70,
        default="circle",
        choices=lambda _category: list(MARKERS),
        symbols=MARKERS,
        headers=("marker", "표식"),
        words=_marker_words,
    ),
    TickerField(
        key="active",
        title=N_("사용"),
        check=_clean_active,
        width=65,
        default=True,
        headers=("active", "사용", "사용 여부", "사용여부"),
        needs_header=True,
        words=_active_words,
    ),
    TickerField(
        key="name_en",
        title=N_("영어 이름"),
        check=lambda _category, value, _before: clean_text(value),
        width=130,
        headers=("name_en", "영어 이름", "영문명", "영문 종목명"),
        is_detail=True,
        limit=NAME_LIMIT,
    ),
    TickerField(
        key="industry",
        title=N_("업종"),
        check=lambda _category, value, _before: clean_text(value),
        width=120,
        headers=("industry", "업종", "산업", "업종명"),
        is_detail=True,
        limit=NAME_LIMIT,
    ),
)


def by_key() -> dict[str, TickerField]:
    """The editable fields by key, in the order of their columns."""
    return {field.key: field for field in FIELDS}


def defaults() -> dict[str, str | bool]:
    """The values with which a new row is stored, by key."""
    return {field.key: field.default for field in FIELDS if field.default}


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """The editable values of a stored row as an editor sees them, by key."""
    return {field.key: field.shown(row) for field in FIELDS}


def in_lists() -> list[TickerField]:
    """The fields that uploaded lists set. A list without a header has the ticker, then these in this order.

    It has none of those that need a header.
    """
    return [field for field in FIELDS if field.headers]


def held(row: Mapping[str, Any]) -> dict[str, Any]:
    """The editable values that `row` holds, by key."""
    return {field.key: row[field.key] for field in FIELDS if field.key in row}


def checked(category: Category, values: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The editable values among `values` as they may be stored, by key; `before` holds the values that they replace.

    Raises SisepanError with the first rule that one of them breaks.
    """
    old = before or {}
    return {
        field.key: field.check(category, values[field.key], old.get(field.key))
        for field in FIELDS
        if field.key in values
    }
