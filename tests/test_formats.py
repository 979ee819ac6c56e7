"""Numbers and dates as text."""

import datetime as dt

from finance_core import formats, i18n


def test_prices_have_thousands_separators_and_the_given_decimals() -> None:
    assert formats.price(70300.4, 0) == "70,300"
    assert formats.price(1234.5, 2) == "1,234.50"


def test_money_carries_the_sign_of_its_currency_in_both_languages() -> None:
    for language in i18n.LANGUAGES:
        i18n.use_language(language)
        assert formats.money(70300, "KRW", 0) == "₩70,300"
    i18n.use_language("ko")
    assert formats.money(12.5, "USD", 2) == "$12.50"


def test_a_change_has_its_sign() -> None:
    assert formats.signed_percent(0.02191) == "+2.19%"
    assert formats.signed_percent(-0.5) == "-50.00%"
    assert formats.signed_percent(0.0) == "0.00%", "no change has none"


def test_what_is_missing_reads_as_missing() -> None:
    assert formats.price(None, 0) == formats.signed_percent(float("nan")) == formats.date(None) == formats.MISSING
    assert formats.money(float("nan"), "KRW", 0) == formats.count(None) == formats.MISSING


def test_dates_sort_as_they_read() -> None:
    assert formats.date(dt.date(2026, 1, 2)) == "2026-01-02"
