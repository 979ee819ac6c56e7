"""Numbers and dates as a reader of the running language writes them: "–" for a missing value."""

import datetime as dt
import math
from typing import Any

from babel import numbers

from finance_core import i18n

MISSING = "–"


def price(value: float | None, decimals: int) -> str:
    """A price or an amount of change with `decimals` decimals: 70,300."""
    return MISSING if value is None or math.isnan(value) else f"{value:,.{decimals}f}"


def money(value: float | None, currency: str, decimals: int) -> str:
    """A price with its currency's sign: ₩70,300; as `price` where `currency` is ""."""
    if value is None or math.isnan(value) or not currency:
        return price(value, decimals)
    pattern = "¤#,##0" + ("." + "0" * decimals if decimals else "")
    # English signs in both languages, as markets write them: $ and ¥, where texts in Korean have US$ and JP¥.
    return numbers.format_currency(value, currency, pattern, locale="en", currency_digits=False)


def signed_percent(ratio: float | None) -> str:
    """A ratio as percent with its sign: 0.0219 is +2.19%, and 0 is 0.00%."""
    return MISSING if ratio is None or math.isnan(ratio) else f"{ratio:+.2%}" if ratio else f"{ratio:.2%}"


def count(value: float | None) -> str:
    """A whole number: 12,345."""
    return MISSING if value is None or math.isnan(value) else f"{value:,.0f}"


def size(byte_count: int) -> str:
    """An amount of memory or disk, in the largest unit that fits: 1.5 GB.

    >>> size(900 << 20), size(1536 << 20)
    ('900 MB', '1.5 GB')
    """
    megabytes = byte_count / 2**20
    for limit, unit, decimals in ((1024, "MB", 0), (1024**2, "GB", 1)):
        if megabytes < limit:
            return f"{megabytes / (limit / 1024):,.{decimals}f} {unit}"
    return f"{megabytes / 1024**2:,.1f} TB"


def date(day: dt.date | None) -> str:
    """A day in ISO form, which sorts and reads the same in both languages: 2026-11-24."""
    return MISSING if day is None else f"{day:%Y-%m-%d}"


def filled(text: str, **values: Any) -> str:
    """`text` with its {placeholders} filled, whole numbers as by `count`: "12,345종목"."""
    return text.format(**{name: count(value) if isinstance(value, int) else value for name, value in values.items()})


def large(value: float | None) -> str:
    """A large amount in the units of the language: 1.2조, 6억, 1.2T."""
    if value is None or math.isnan(value):
        return MISSING
    return numbers.format_compact_decimal(value, locale=i18n.language(), fraction_digits=1)
