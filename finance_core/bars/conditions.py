"""Parses conditions such as `close > ma20 and volume > 3 * volume_ma20` into a tree (see `condition_tree`). Pure.

`evaluation` computes a tree. The grammar is in `conditions.lark`; the names are those of the tables `fields.FIELDS` and
`functions.FUNCTIONS`. Whatever the text, parsing raises no other exception than `Mistake`, whose sentence points at the
mistake.

>>> str(parse("close>ma20 and not rsi14 ≥ 70"))
'close > ma20 and not rsi14 >= 70'
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from finance_core.bars import fields
from finance_core.bars.condition_tree import (
    Arithmetic,
    Call,
    Comparison,
    FieldOf,
    Joined,
    Minus,
    Node,
    Not,
    Number,
    Text,
    kind_of,
    nodes,
)
from finance_core.bars.functions import FUNCTIONS, MOST_BARS, Kind
from finance_core.errors import SisepanError
from finance_core.i18n import N_, _

LONGEST: Final = 1_000
"""Most characters of a condition."""
DEEPEST: Final = 30
"""Most levels of a tree."""
OPERATORS: Final = {"=>": ">=", "=<": "<=", "&&": "and", "||": "or", "<>": "!="}
"""By what other programs write: how conditions are written."""
SIZES: Final = {"만": 1e4, "억": 1e8, "조": 1e12}
"""Korean words for large numbers, which may stand behind a number: 3000억, 1.5 조."""
SPELLINGS: Final = {"=": "==", "≤": "<=", "≥": ">=", "≠": "!="}
KINDS: Final[dict[Kind, str]] = {"number": N_("숫자"), "text": N_("글자"), "truth": N_("조건"), "bars": N_("봉 수")}


class Mistake(SisepanError):
    """What is wrong with a condition, and where."""

    text = ""
    """The whole condition; `parse` sets it, because most places that find a mistake do not know it."""

    def __init__(self, message: str, at: int, **values: object) -> None:
        super().__init__(message, **values)
        self.at = at

    def __str__(self) -> str:
        sentence = super().__str__()
        return _("{column}번째 글자: {sentence}").format(column=self.at + 1, sentence=sentence)

    @property
    def pointer(self) -> str:
        """The line of the mistake, and under it a ^ that points at the mistake, for a monospaced font."""
        begin = self.text.rfind("\n", 0, self.at) + 1
        line = self.text[begin:].split("\n", 1)[0]
        before = self.text[begin : self.at]
        width = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in before)
        return f"{line}\n{' ' * width}^"


def parse(text: str, rule: Literal["condition", "value"] = "condition") -> Node:
    """The tree of a condition; with the other `rule` of the grammar, that of a value. Raises Mistake."""
    try:
        if len(text) > LONGEST:
            raise Mistake(N_("조건은 {longest}자까지 씁니다."), LONGEST, longest=LONGEST)
        if not text.strip():
            raise Mistake(N_("조건이 비어 있습니다."), 0)
        parsed: Any = _parser().parse(text, start=rule)
        tree: Node = parsed
        if rule == "condition" and kind_of(tree) != "truth":
            sentence = N_("{part}은(는) {kind}이고 조건이 아닙니다. 무엇과 비교하십시오.")
            raise Mistake(sentence, tree.at, part=str(tree)[:60], kind=_Named(kind_of(tree)))
        if rule == "value" and kind_of(tree) == "truth":
            raise _unexpected(tree, "number")
        return tree
    except (Mistake, UnexpectedInput) as error:
        mistake = error if isinstance(error, Mistake) else _misunderstood(text, error)
        mistake.text = text
        raise mistake from None


def parse_value(text: str) -> Node:
    """The tree of a number or a text, such as a column to show: `close / ma20`. Raises Mistake."""
    return parse(text, "value")


def remarks(tree: Node) -> list[str]:
    """What a condition means where its writer may mean something else: a sentence each, in the running language.

    >>> remarks(parse("change > 5"))[0].split(".")[0]
    'change1 > 5: 5는 500%입니다'
    >>> remarks(parse("change > 5% and close > 5"))
    []
    """
    sentence = _("{part}: {number}은(는) {percent}%입니다. {number}%를 뜻했다면 {number}%라고 쓰십시오.")
    compared = [node for node in nodes(tree) if isinstance(node, Comparison)]
    return [
        sentence.format(part=node, number=number, percent=f"{number.value * 100:g}")
        for node in compared
        for field, other in ((node.left, node.right), (node.right, node.left))
        if isinstance(field, FieldOf) and fields.FIELDS[field.name].unit == "percent"
        for number in [other.value if isinstance(other, Minus) else other]
        if isinstance(number, Number) and not number.percent and number.value >= 1
    ]


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_suffix(".lark").read_text(encoding="utf-8")
    # The parser makes nodes while it reads, so that a deeply nested text needs no recursion.
    return Lark(grammar, parser="lalr", start=["condition", "value"], transformer=_Builder())


def _misunderstood(text: str, error: UnexpectedInput) -> Mistake:
    at = error.pos_in_stream
    if at is None or at < 0 or at >= len(text.rstrip()) or getattr(getattr(error, "token", None), "type", "") == "$END":
        return Mistake(N_("조건이 끝나지 않았습니다. 값이나 조건이 더 있어야 합니다."), len(text.rstrip()))
    part = text[at : at + 20].split("\n")[0]
    for begin in (max(at - 1, 0), at):
        if usual := OPERATORS.get(written := text[begin : begin + 2]):
            return Mistake(N_("{written} 대신 {usual}(이)라고 씁니다."), begin, written=written, usual=usual)
    if re.match(r",\d{3}", part) and text[at - 1 : at].isdigit():
        return Mistake(N_("숫자에 쉼표를 쓰지 않습니다: 50000이나 5만."), at)
    if any(amount.start() <= at < amount.end() for amount in re.finditer(r"[\d.]+\s*[만억조]?\s*원", text)):
        return Mistake(N_("숫자에 원을 쓰지 않습니다: 50000이나 5만."), at)
    titles = {name: field.title for name, field in fields.FIELDS.items() if not field.settings}
    if titled := [name for name, title in titles.items() if part.startswith(title)]:  # a Korean word for a field
        name = max(titled, key=lambda each: len(titles[each]))
        return Mistake(N_("'{title}'은(는) {name}(이)라고 씁니다."), at, title=_(titles[name]), name=name)
    return Mistake(N_("여기서부터 읽을 수 없습니다: {part}"), at, part=part)


@dataclass(frozen=True)
class _Named:
    """The name of a kind, translated when the sentence is shown."""

    kind: Kind

    def __str__(self) -> str:
        return _(KINDS[self.kind])


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Makes a node for each rule of the grammar. Raises Mistake."""

    def number(self, token: Token) -> Node:
        size = SIZES.get(token[-1], 1.0)
        return Number(float(token.rstrip("".join(SIZES))) * size, at=_at(token))

    def percent(self, token: Token) -> Node:
        return Number(float(token.rstrip("%").strip()), percent=True, at=_at(token))

    def text(self, token: Token) -> Node:
        return Text(str(token)[1:-1], at=_at(token))

    def name(self, token: Token) -> Node:
        return _field(token)

    def call(self, token: Token, *arguments: Node) -> Node:
        name = token.lower()
        if name in fields.FIELDS and fields.FIELDS[name].settings:
            return _field_with(name, _at(token), arguments)
        if name not in FUNCTIONS:
            raise _unknown(str(token), _at(token), FUNCTIONS)
        return _call(name, _at(token), arguments)

    def minus(self, token: Token, value: Node) -> Node:
        return _within_depth(Minus(_expect(value, "number"), at=_at(token)))

    def arithmetic(self, left: Node, token: Token, right: Node) -> Node:
        operator: Any = str(token)
        return _within_depth(Arithmetic(operator, _expect(left, "number"), _expect(right, "number"), at=left.at))

    def comparison(self, *parts: Any) -> Node:
        pairs = [_compared(*parts[begin : begin + 3]) for begin in range(0, len(parts) - 2, 2)]
        return pairs[0] if len(pairs) == 1 else _within_depth(Joined("and", tuple(pairs), at=pairs[0].at))

    def denied(self, token: Token, condition: Node) -> Node:
        return _within_depth(Not(_expect(condition, "truth"), at=_at(token)))

    def both(self, *conditions: Node) -> Node:
        return _within_depth(Joined("and", tuple(_expect(each, "truth") for each in conditions), at=conditions[0].at))

    def either(self, *conditions: Node) -> Node:
        return _within_depth(Joined("or", tuple(_expect(each, "truth") for each in conditions), at=conditions[0].at))


def _at(token: Token) -> int:
    return token.start_pos or 0


def _within_depth(node: Node) -> Node:
    if node.depth > DEEPEST:
        raise Mistake(N_("조건이 너무 깊이 겹칩니다(한도 {deepest}겹)."), node.at, deepest=DEEPEST)
    return node


def _expect(node: Node, kind: Kind) -> Node:
    if kind_of(node) != kind:
        raise _unexpected(node, kind)
    return node


def _unexpected(node: Node, kind: Kind) -> Mistake:
    sentence = N_("{kind}이(가) 와야 하는데 {part}은(는) {other}입니다.")
    return Mistake(sentence, node.at, kind=_Named(kind), part=str(node)[:60], other=_Named(kind_of(node)))


def _unknown(name: str, at: int, known: Iterable[str]) -> Mistake:
    near = ", ".join(difflib.get_close_matches(name.lower(), dict.fromkeys(known), n=3, cutoff=0.6))
    if near:
        return Mistake(N_("{name}은(는) 모르는 이름입니다. 비슷한 것: {near}"), at, name=name[:40], near=near)
    return Mistake(N_("{name}은(는) 모르는 이름입니다."), at, name=name[:40])


def _field(token: Token) -> Node:
    name, at = token.lower(), _at(token)
    try:
        key, settings = fields.resolve(name)
    except KeyError:
        raise _unknown(str(token), at, [*fields.FIELDS, *fields.NUMBERED, *FUNCTIONS]) from None
    except ValueError:
        row = fields.of_number(name)
        sentence = N_("{name}의 봉 수는 {least}부터 {most}까지여야 합니다.")
        limits = {"least": f"{row.least:g}", "most": f"{row.most:g}"}
        raise Mistake(sentence, at, name=str(token)[:40], **limits) from None
    return _ordered(FieldOf(key, settings, at=at))


def _field_with(name: str, at: int, arguments: Sequence[Node]) -> Node:
    rows = fields.FIELDS[name].settings
    if len(arguments) > len(rows):
        raise Mistake(N_("{name}의 설정은 {most}개까지입니다."), at, name=name, most=len(rows))
    settings = [row.default for row in rows]
    for position, argument in enumerate(arguments):
        row = rows[position]
        if not isinstance(argument, Number) or argument.percent:
            raise Mistake(N_("{name}의 설정은 숫자여야 합니다."), argument.at, name=name)
        try:
            settings[position] = row.read(f"{argument.value:.15g}")
        except ValueError:
            sentence = N_("{name}의 설정 {value}은(는) {least}부터 {most}까지여야 합니다.")
            limits = {"least": f"{row.least:g}", "most": f"{row.most:g}"}
            raise Mistake(sentence, argument.at, name=name, value=f"{argument.value:g}", **limits) from None
    return _ordered(FieldOf(name, tuple(settings), at=at))


def _ordered(node: FieldOf) -> FieldOf:
    if problem := fields.problem_of(node.name, node.settings):
        raise Mistake("{problem}", node.at, problem=problem)
    return node


def _call(name: str, at: int, arguments: Sequence[Node]) -> Node:
    row = FUNCTIONS[name]
    absent = len(row.arguments) - len(arguments)
    if not 0 <= absent <= len(row.defaults):
        raise Mistake(N_("{name}은(는) {usage}처럼 씁니다."), at, name=name, usage=row.usage)
    given = [*arguments, *(Number(float(number)) for number in row.defaults[len(row.defaults) - absent :])]
    for argument, kind in zip(given, row.arguments, strict=True):
        if kind == "bars":
            if not (
                isinstance(argument, Number)
                and not argument.percent
                and argument.value.is_integer()
                and 1 <= argument.value <= MOST_BARS
            ):
                sentence = N_("{name}의 봉 수는 1부터 {most}까지의 정수여야 합니다.")
                raise Mistake(sentence, argument.at, name=name, most=MOST_BARS)
        else:
            _expect(argument, kind)
    return _within_depth(Call(name, tuple(given), at=at))


def _compared(left: Node, token: Token, right: Node) -> Node:
    sign = token.lower()
    operator: Any = SPELLINGS.get(sign, sign)
    if operator == "in":
        left, right = _expect(left, "text"), _expect(right, "text")
    elif operator in ("==", "!="):
        right = _expect(right, "number" if kind_of(left) == "truth" else kind_of(left))
    if operator not in ("in", "==", "!=") or kind_of(left) == "truth":
        left, right = _expect(left, "number"), _expect(right, "number")
    return _within_depth(Comparison(operator, left, right, at=left.at))
