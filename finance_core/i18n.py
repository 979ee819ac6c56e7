"""Two languages with gettext: Korean is the source language, English the translation.

Message ids are the Korean texts; `locale/en/messages.po` holds the English ones and is read without a compile step. The
language belongs to the running context (the script run of a page, a command), so visitors with different languages do
not disturb each other. `formats` formats numbers and dates.
"""

import gettext
import io
import os
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LOCALE_DIR = Path(__file__).parent / "locale"

_language: ContextVar[Language] = ContextVar("language", default="ko")


def language() -> Language:
    """The language of the running context."""
    return _language.get()


def use_language(lang: Language) -> None:
    """Set the language of the running context."""
    _language.set(lang)


def match_language(locale: str | None) -> Language:
    """The language for a locale of a browser or shell ("en-US", "ko_KR.UTF-8"); Korean if it is empty."""
    return "en" if (locale or "").lower().startswith("en") else "ko"


def use_shell_language() -> None:
    """Set the language of a command from the shell's locale, by the usual precedence of its variables."""
    use_language(match_language(os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")))


def _(message: str) -> str:
    """`message` in the language of the running context; `message` itself if there is no translation."""
    return _catalog(language()).gettext(message) if message else ""


def N_(message: str) -> str:
    """Mark `message` for translation where it is defined, to be translated with `_` where it is shown."""
    return message


@cache
def _catalog(lang: Language) -> gettext.NullTranslations:
    if lang == "ko":
        return gettext.NullTranslations()
    with (LOCALE_DIR / lang / "messages.po").open("rb") as po:
        catalog = read_po(po, locale=lang)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
