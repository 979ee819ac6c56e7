"""Two languages: Korean is the source language, English the translation.

Message ids are the Korean texts; `locale/en/messages.po` holds the English ones. The language belongs to the running
context (the script run of a page, a command), so that visitors do not disturb each other. See also `formats`.
"""

import os
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Literal, get_args

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
    return _translations(language()).get(message, message)


def N_(message: str) -> str:
    """Mark `message` for translation where it is defined, to be translated with `_` where it is shown."""
    return message


@cache
def _translations(lang: Language) -> dict[str, str]:
    """The translations into `lang` by message id; empty for Korean."""
    if lang == "ko":
        return {}
    with (LOCALE_DIR / lang / "messages.po").open("rb") as po:
        messages = read_po(po, locale=lang)
    return {str(message.id): str(message.string) for message in messages if message.id and message.string}
