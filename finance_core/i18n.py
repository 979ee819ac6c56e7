"""Two languages: Korean is the source language, English the translation.

Message ids are the Korean texts; `locale/en/messages.po` holds the English ones. The language belongs to the running
context (the script run of a page, a command), so that visitors do not disturb each other. See also `formats`.
"""

import os
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from babel.messages.pofile import read_po

T = TypeVar("T")
Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LOCALE_DIR = Path(__file__).parent / "locale"

PARTICLES: Mapping[str, tuple[str, str]] = {
    "은(는)": ("은", "는"),
    "을(를)": ("을", "를"),
    "이(가)": ("이", "가"),
    "(이)라": ("이라", "라"),
    "(으)로": ("으로", "로"),
}
"""Korean particles as messages write them; as they are after a final consonant, and after a vowel."""
_PARTICLE = re.compile(
    r"(\d{4}-\d\d-\d\d|[가-힣0-9])((?:\s?\([^()]*\))?['\")]*)(" + "|".join(map(re.escape, PARTICLES)) + ")"
)
_DIGITS = dict(zip("0123456789", "영일이삼사오육칠팔구", strict=True))
_RIEUL = 8
"""The place of ㄹ among the final consonants of Unicode's syllables."""


class _Grammar(string.Formatter):
    """Fills {placeholders}, and chooses a word by the number before it, and a Korean particle by the sound before it.

    gettext wants the number when it looks a text up; here a text is looked up first, and filled where it is shown.
    After letters that are not Korean, whose sound is not known, both forms of a particle stay.

    >>> _Grammar().format("{count} {count:ticker|tickers}", count=1)
    '1 ticker'
    >>> [_Grammar().format("{name}은(는)", name=name) for name in ("삼성전자", "005930", "2024-08-02", "Tesla")]
    ['삼성전자는', '005930은', '2024-08-02은', 'Tesla은(는)']
    """

    def vformat(self, format_string: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        return _PARTICLE.sub(_with_particle, super().vformat(format_string, args, kwargs))

    def format_field(self, value: Any, format_spec: str) -> Any:
        one, bar, other = format_spec.partition("|")
        if not bar:
            return super().format_field(value, format_spec)
        return one if str(value) == "1" else other


def _with_particle(match: re.Match[str]) -> str:
    word, closing, particle = match.groups()
    # A date is read with 일 (day) at its end, 0 to 9 by their names.
    sound = word if len(word) == 1 else "1"
    final = (ord(_DIGITS.get(sound, sound)) - ord("가")) % 28
    is_after_vowel = final == 0 or (final == _RIEUL and particle == "(으)로")
    return word + closing + PARTICLES[particle][is_after_vowel]


class _Text(str):
    """A text with words that follow a number ("{count} {count:ticker|tickers}"), or particles that follow a word."""

    __slots__ = ()

    def format(self, *args: object, **values: object) -> str:
        return _Grammar().vformat(self, args, values)

    def format_map(self, mapping: Any, /) -> str:
        return _Grammar().vformat(self, (), mapping)


_language: ContextVar[Language] = ContextVar("language", default="ko")


def language() -> Language:
    """The language of the running context."""
    return _language.get()


def use_language(lang: Language) -> None:
    """Set the language of the running context."""
    _language.set(lang)


@contextmanager
def in_language(lang: Language) -> Iterator[None]:
    """Use `lang` until the end of the block, and then the language of before."""
    token = _language.set(lang)
    try:
        yield
    finally:
        _language.reset(token)


def match_language(locale: str | None) -> Language:
    """The language for a locale of a browser or shell ("en-US", "ko_KR.UTF-8"); Korean if it is empty."""
    return "en" if (locale or "").lower().startswith("en") else "ko"


def use_shell_language() -> None:
    """Set the language of a command from the shell's locale, by the usual precedence of its variables."""
    use_language(match_language(os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")))


def _(message: str) -> str:
    """`message` in the language of the running context; `message` itself if there is no translation."""
    return _translations(language()).get(message) or _korean(message)


def translated(titles: Mapping[T, str]) -> dict[T, str]:
    """`titles`, which are message ids, in the language of the running context."""
    return {key: _(title) for key, title in titles.items()}


def in_all_languages(message: str) -> set[str]:
    """`message` in each language."""
    return {_translations(lang).get(message, message) for lang in LANGUAGES}


def N_(message: str) -> str:
    """Mark `message` for translation where it is defined, to be translated with `_` where it is shown."""
    return message


@cache
def _korean(message: str) -> str:
    return _Text(message) if any(particle in message for particle in PARTICLES) else message


@cache
def _translations(lang: Language) -> dict[str, str]:
    """The translations into `lang` by message id; empty for Korean."""
    if lang == "ko":
        return {}
    with (LOCALE_DIR / lang / "messages.po").open("rb") as po:
        messages = read_po(po, locale=lang)
    texts = {str(message.id): str(message.string) for message in messages if message.id and message.string}
    return {key: _Text(text) if "|" in text else text for key, text in texts.items()}
