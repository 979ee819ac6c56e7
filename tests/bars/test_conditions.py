"""Conditions in words become a tree and back; a mistake gets a sentence that points at it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finance_core import i18n
from finance_core.bars import conditions, fields
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
)
from finance_core.bars.conditions import DEEPEST, LONGEST, Mistake, parse
from finance_core.bars.fields import FIELDS
from finance_core.bars.functions import FUNCTIONS, MOST_BARS

_numbers = st.builds(Number, st.floats(0, 1e14).map(lambda value: float(f"{value:.12g}")), st.booleans())
_numbers = _numbers.filter(lambda node: node.value == 0 or node.value > 1e-14)
_bars = st.integers(1, MOST_BARS).map(lambda count: Number(float(count)))
_texts = st.text(st.characters(blacklist_characters="\"'", blacklist_categories=("Cs",)), max_size=8).map(Text)


@st.composite
def _fields(draw: Any, text: bool) -> Node:
    names = [name for name, row in FIELDS.items() if (row.unit == "text") == text]
    name = draw(st.sampled_from(names))
    settings = tuple(setting.default for setting in FIELDS[name].settings)
    if len(settings) == 1 and draw(st.booleans()):
        row = FIELDS[name].settings[0]
        settings = (draw(st.integers(int(row.least), int(row.most))),)
    return FieldOf(name, settings)


def _calls(result: str, of: dict[str, st.SearchStrategy[Node]]) -> st.SearchStrategy[Node]:
    rows = [(name, row) for name, row in FUNCTIONS.items() if row.result == result]
    return st.one_of(
        [st.builds(Call, st.just(name), st.tuples(*(of[kind] for kind in row.arguments))) for name, row in rows]
    )


def _values(truths: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    def extend(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        return st.one_of(
            st.builds(Minus, inner),
            st.builds(Arithmetic, st.sampled_from("+-*/"), inner, inner),  # type: ignore[arg-type]
            _calls("number", {"number": inner, "bars": _bars, "truth": truths}),
        )

    return st.recursive(_numbers | _fields(False), extend, max_leaves=4)


def _truths(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    values = _values(inner)
    return st.one_of(
        st.builds(Not, inner),
        st.builds(Joined, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Comparison, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), values, values),
        _calls("truth", {"number": values, "bars": _bars, "truth": inner}),
    )


_texts_compared = st.builds(Comparison, st.sampled_from(["==", "!=", "in"]), _texts | _fields(True), _fields(True))
_simple = st.builds(Comparison, st.just(">"), _fields(False), _numbers)
_conditions = st.recursive(_simple | _texts_compared, _truths, max_leaves=6)


@pytest.mark.slow
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(_conditions.filter(lambda tree: tree.depth <= DEEPEST and len(str(tree)) <= LONGEST))
def test_a_tree_that_is_written_and_read_is_the_same_tree(tree: Node) -> None:
    assert parse(str(tree)) == tree


_pieces = st.sampled_from(
    [
        *FIELDS,
        *FUNCTIONS,
        "ma20",
        "high252",
        "rsi99999",
        "and",
        "or",
        "not",
        "in",
        "(",
        ")",
        ",",
        "<",
        ">=",
        "==",
        "+",
        "-",
        "*",
        "/",
        "5%",
        "3",
        "1e999",
        "'가'",
        '"',
        "%",
        "업종",
        "\n",
        "\t",
        "\x00",
        "\ud800",
        "🚀",
        ".",
        "__class__",
    ]
)


@pytest.mark.slow
@settings(deadline=None)
@given(
    st.text(max_size=60) | st.lists(_pieces, max_size=14).map(" ".join) | st.lists(_pieces, max_size=14).map("".join)
)
def test_nothing_but_a_sentence_is_ever_raised(text: str) -> None:
    mistake = None
    try:
        parse(text)
    except Mistake as raised:
        mistake = raised
    if mistake:
        assert 0 <= mistake.at <= len(text)
        assert str(mistake)
        assert mistake.pointer.endswith("^")


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", 1, "비어"),
        ("close > ma20 and", 17, "끝나지 않았습니다"),
        ("clos > 1", 1, "close"),
        ("close > 1 and 시가총액 > 1조", 15, "market_value"),
        ("거래량이 많다", 1, "'거래량'은 volume"),
        ("volum > 1", 1, "volume_ma, volume_wma"),
        ("close > ma0", 9, "ma0의 봉 수는 2부터 500까지"),
        ("PER < 10", 1, "PER은(는) 모르는 이름입니다."),
        ("close > ma99999999999", 9, "모르는 이름"),
        ("close > 50,000", 11, "쉼표"),
        ("close > 5만원", 9, "원을 쓰지"),
        ("close > 3억 원", 12, "원을 쓰지"),
        ("close => 5", 7, "=> 대신 >="),
        ("close > 1 && volume > 1", 11, "&& 대신 and"),
        ("close", 1, "조건이 아닙니다"),
        ("close >> 3", 8, "> 3"),
        ("industry > 3", 1, "글자"),
        ("close > industry", 9, "글자"),
        ("close and volume > 1", 1, "조건"),
        ("macd(26, 12, 9) > 0", 1, "작아야"),
        ("rsi(1000) < 30", 5, "500"),
        ("rsi(14, 3) < 30", 1, "1개까지"),
        ("rsi(close) < 30", 5, "숫자"),
        ("abs() > 1", 1, "abs(change)"),
        ("crossed_above(close)", 1, "crossed_above(ma20, ma60, 5)"),
        ("crossed_above(close, ma20, 2.5)", 28, "정수"),
        ("foo(3) > 1", 1, "foo"),
        ("close > 1 and (volume > 2", 26, "끝나지 않았습니다"),
        ("업종 == '가'", 1, "업종"),
        ("__import__('os') > 1", 1, "__import__"),
        ("not " * 100 + "close > 1", 4 * 71 + 1, "겹칩니다"),
        ("1" + "+1" * 400 + " > 0", 1, "겹칩니다"),
        ("close > 1" + " " * LONGEST, LONGEST + 1, "1000"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, column: int, says: str) -> None:
    with pytest.raises(Mistake) as caught:
        parse(text)
    assert caught.value.at + 1 == column
    assert says in str(caught.value)
    i18n.use_language("en")
    with pytest.raises(Mistake) as in_english:
        parse(text.replace("업종", "x"))
    assert not any("가" <= char <= "힣" for char in str(in_english.value).replace("'가'", ""))


def test_the_pointer_stands_below_the_mistake_of_its_line() -> None:
    with pytest.raises(Mistake) as caught:
        parse("market == '코스피' and\n  clos > 1")
    assert caught.value.pointer == "  clos > 1\n  ^"
    with pytest.raises(Mistake) as caught:
        parse("'코스피' in market and clos > 1")
    assert caught.value.pointer.split("\n")[1] == " " * len("'......' in market and ") + "^"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("CLOSE>MA20", "close > ma20"),
        ("close = 5 OR close ≠ 6", "close == 5 or close != 6"),
        ("20 < rsi14 <= 30", "20 < rsi14 and rsi14 <= 30"),
        ("change > 5 %", "change1 > 5%"),
        ("close - (open - 1) > 0", "close - (open - 1) > 0"),
        ("(close - open) - 1 > 0", "close - open - 1 > 0"),
        ("(close > 1 or open > 1) and low > 1", "(close > 1 or open > 1) and low > 1"),
        ("high252 == period_high(252)", "high252 == high252"),
        ("macd(12,26,9) > macd_signal", "macd > macd_signal"),
        ("bollinger_upper(30, 2.5) < close", "bollinger_upper(30, 2.5) < close"),
        ("crossed_above(ma20, ma60)", "crossed_above(ma20, ma60, 1)"),
    ],
)
def test_a_condition_is_written_in_one_way(text: str, written: str) -> None:
    assert str(parse(text)) == written
    assert parse(written) == parse(text)


def test_every_field_has_a_name_that_is_read_as_itself() -> None:
    for name, row in FIELDS.items():
        settings = tuple(setting.default for setting in row.settings)
        assert fields.resolve(fields.text_of(name, settings)) == (name, settings)
        assert name not in FUNCTIONS
        assert name == name.lower()


def test_a_value_is_read_without_a_comparison() -> None:
    assert str(conditions.parse_value("close / ma20")) == "close / ma20"
    assert str(conditions.parse_value("industry")) == "industry"
    with pytest.raises(Mistake) as error:
        conditions.parse_value("close / ")
    assert error.value.pointer == "close / \n       ^"


@pytest.mark.parametrize("text", ["close > 1", "(close > 1)", "close) == (close", "1) == (1) or (1) == (1", "", "+"])
def test_what_is_no_value_is_not_read_as_one(text: str) -> None:
    with pytest.raises(Mistake):
        conditions.parse_value(text)


def test_a_value_may_be_as_long_as_a_condition() -> None:
    text = " + ".join(["close"] * 25)
    long = f"mean({text}, 5) + mean({text}, 6) + mean({text}, 7)"
    assert len(long) > conditions.LONGEST / 2
    assert str(conditions.parse_value(long)) == long


@pytest.mark.parametrize(
    ("text", "value"), [("1조", 1e12), ("3000억", 3e11), ("1.5 만", 1.5e4), ("2e1억", 2e9), ("7", 7)]
)
def test_a_number_may_have_a_korean_size(text: str, value: float) -> None:
    condition = parse(f"value >{text} and close > {text}")
    assert condition == parse(f"value > {value!r} and close > {value!r}")
    assert parse(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "percents"),
    [
        ("change > 5", ["500%"]),
        ("change < -5", ["500%"]),
        ("close > 5 and (3 < change_1y or not from_high250 > -20)", ["300%", "2000%"]),
        ("change > 5% and change < -0.5 and close > 5 and rsi14 > 70", []),
    ],
)
def test_a_bare_number_beside_a_percentage_is_remarked_on(text: str, percents: list[str]) -> None:
    sentences = conditions.remarks(parse(text))
    assert len(sentences) == len(percents)
    assert all(percent in sentence for sentence, percent in zip(sentences, percents, strict=True))
