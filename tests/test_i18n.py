"""Two languages: the English catalog is complete and true to the code, and visitors' languages never meet."""

import ast
import contextvars
import io
import re
import string
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from finance_core import formats, i18n
from finance_core.categories import KOREAN_STOCKS
from finance_core.i18n import Language, _

PROJECT = Path(__file__).resolve().parent.parent
PO_FILE = i18n.LOCALE_DIR / "en" / "messages.po"

STAYS_HANGUL = ["한국어"]
"""What an English text may say in Hangul: a language is offered under its own name."""


@pytest.fixture(autouse=True)
def korean_again() -> Iterator[None]:
    yield
    i18n.use_language("ko")


@cache
def marked() -> Catalog:
    """Every message that the code marks with `_("…")` or `N_("…")`, with the places where it does."""
    catalog = Catalog(locale="en")
    for part in ("Home.py", "pages", "finance_core", "updaters"):
        path = PROJECT / part
        for source in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for line, message, _comments, _context in extract_from_file("python", source, {"_": None, "N_": None}):
                catalog.add(message, locations=[(str(source.relative_to(PROJECT)), line)])
    return catalog


@cache
def english() -> Catalog:
    with PO_FILE.open("rb") as po:
        return read_po(po, locale="en")


def ids(catalog: Catalog) -> set[str]:
    return {str(message.id) for message in catalog if message.id}


def placeholders(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}


def test_every_marked_message_has_an_english_translation() -> None:
    missing = Catalog(locale="en")
    for message in marked():
        translated = english().get(message.id)
        if message.id and not (translated and translated.string and not translated.fuzzy):
            missing.add(message.id, locations=message.locations)
    if ids(missing):
        # To list what is missing at any time, run this test; what it prints is ready to be pasted and translated.
        entries = io.BytesIO()
        write_po(entries, missing, omit_header=True, width=120)
        pytest.fail(f"add to {PO_FILE.relative_to(PROJECT)} and translate:\n\n{entries.getvalue().decode()}")


def test_every_translation_has_a_message_in_the_code() -> None:
    orphans = ids(english()) - ids(marked())
    assert not orphans, "no code says these any more; delete them from the catalog"
    assert not english().obsolete, "delete the entries that begin with #~"


def test_a_message_stands_in_the_catalog_once() -> None:
    entries = re.findall(r"^msgid (.*(?:\n\".*)*)", PO_FILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(entries) == len(set(entries))


def test_translations_have_the_placeholders_of_their_messages() -> None:
    wrong = {
        message.id: message.string
        for message in english()
        if message.id and message.string and placeholders(message.id) != placeholders(message.string)
    }
    assert wrong == {}


def test_english_texts_hold_no_hangul() -> None:
    allowed = re.compile("|".join(STAYS_HANGUL))
    hangul = {
        message.id: message.string
        for message in english()
        if message.id and re.search("[ㄱ-ㆎ가-힣]", allowed.sub("", message.string))
    }
    assert hangul == {}


def test_the_code_marks_messages_where_they_are_looked_for() -> None:
    """Or the tests above would hold for nothing."""
    assert {"한국 주식"} < ids(marked())
    assert {location[0] for message in marked() for location in message.locations} >= {"finance_core/categories.py"}


def test_a_message_reads_in_the_language_of_the_context() -> None:
    assert _(KOREAN_STOCKS.title) == "한국 주식"
    i18n.use_language("en")
    assert _(KOREAN_STOCKS.title) == "Korean stocks"
    i18n.use_language("ko")
    assert _(KOREAN_STOCKS.title) == "한국 주식"


def test_a_message_without_a_translation_reads_as_it_is_and_nothing_reads_as_nothing() -> None:
    for language in i18n.LANGUAGES:
        i18n.use_language(language)
        assert _("번역되지 않은 글") == "번역되지 않은 글"
        assert _("") == ""


@pytest.mark.parametrize(
    ("count", "korean", "in_english"),
    [
        (0, "0개 행을 저장했습니다.", "0 rows saved."),
        (1, "1개 행을 저장했습니다.", "1 row saved."),
        (2, "2개 행을 저장했습니다.", "2 rows saved."),
        (1234, "1,234개 행을 저장했습니다.", "1,234 rows saved."),
    ],
)
def test_an_english_word_follows_its_number(count: int, korean: str, in_english: str) -> None:
    text = "{count}개 행을 저장했습니다."
    assert formats.filled(_(text), count=count) == korean
    i18n.use_language("en")
    assert formats.filled(_(text), count=count) == _(text).format(count=formats.count(count)) == in_english
    assert _(text).format_map({"count": formats.count(count)}) == in_english


def test_a_word_that_follows_a_number_stands_once_for_one_and_once_for_more() -> None:
    specs = {
        (message.id, spec)
        for message in english()
        if message.id and message.string
        for _text, _name, spec, _conversion in string.Formatter().parse(message.string)
        if spec
    }
    assert specs
    assert {message for message, spec in specs if not re.fullmatch(r"[a-z ]+\|[a-z ]+", spec)} == set()


def test_the_languages_of_two_threads_never_meet() -> None:
    both_chose = threading.Barrier(2, timeout=10)
    seen: dict[Language, list[Language]] = {"ko": [], "en": []}

    def visit(language: Language) -> None:
        seen[language].append(i18n.language())
        i18n.use_language(language)
        for _round in range(3):
            both_chose.wait()
            seen[language].append(i18n.language())

    i18n.use_language("en")
    threads = [threading.Thread(target=visit, args=[language]) for language in i18n.LANGUAGES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A thread begins in Korean, whatever the one that started it speaks.
    assert seen == {"ko": ["ko"] * 4, "en": ["ko", "en", "en", "en"]}
    assert i18n.language() == "en"


def test_a_language_chosen_in_a_context_stays_in_it() -> None:
    visit = contextvars.copy_context()
    visit.run(i18n.use_language, "en")
    assert visit.run(i18n.language) == "en"
    assert i18n.language() == "ko"


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("en", "en"),
        ("en-US", "en"),
        ("en_US.UTF-8", "en"),
        ("EN-gb", "en"),
        ("ko", "ko"),
        ("ko-KR", "ko"),
        ("ko_KR.UTF-8", "ko"),
        ("ja-JP", "ko"),
        ("C.UTF-8", "ko"),
        ("POSIX", "ko"),
        ("", "ko"),
        (None, "ko"),
    ],
)
def test_an_english_locale_reads_english_and_any_other_korean(locale: str | None, language: Language) -> None:
    assert i18n.match_language(locale) == language


@pytest.mark.parametrize(
    ("shell", "language"),
    [
        ({}, "ko"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "ko_KR.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "en"),
    ],
)
def test_a_command_speaks_the_language_of_its_shell(
    monkeypatch: pytest.MonkeyPatch, shell: dict[str, str], language: Language
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in shell.items():
        monkeypatch.setenv(name, value)
    i18n.use_shell_language()
    assert i18n.language() == language


def test_no_message_hides_in_an_f_string_where_python_3_11_does_not_let_it_be_found() -> None:
    files = [file for folder in ("finance_core", "updaters", "pages") for file in (PROJECT / folder).rglob("*.py")]
    for file in [PROJECT / "Home.py", *files]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
                assert not [
                    call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("_", "N_")
                ], file


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("삼성전자", "삼성전자는 '삼성전자'를 삼성전자로"),
        ("현대모비스닷컴", "현대모비스닷컴은 '현대모비스닷컴'을 현대모비스닷컴으로"),
        ("지수별", "지수별은 '지수별'을 지수별로"),
        ("005930", "005930은 '005930'을 005930으로"),
        ("2024-08-05", "2024-08-05은 '2024-08-05'을 2024-08-05로"),
        ("HTTP 404", "HTTP 404는 'HTTP 404'를 HTTP 404로"),
        ("삼성전자(005930)", "삼성전자(005930)는 '삼성전자(005930)'를 삼성전자(005930)로"),
        ("Tesla", "Tesla은(는) 'Tesla'을(를) Tesla(으)로"),
        ("", "은(는) ''을(를) (으)로"),
    ],
)
def test_a_particle_follows_the_sound_of_the_word_before_it(word: str, sentence: str) -> None:
    assert _("{word}은(는) '{word}'을(를) {word}(으)로").format(word=word) == sentence


def test_a_korean_text_without_a_particle_is_the_message_itself() -> None:
    assert type(_("종목")) is str
