"""The page that asks a whole category."""

import datetime as dt
import itertools
import re
import time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.api.types import is_numeric_dtype
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import NumberInput

from finance_core import i18n
from finance_core.bars import candles
from finance_core.bars.conditions import parse
from finance_core.bars.fields import FIELDS
from finance_core.bars.screen import READY, rule_of
from finance_core.categories import CATEGORIES
from finance_core.charts.style import Style
from finance_core.storage import screens
from finance_core.storage.database import MongoDatabase
from finance_core.ui.parameters import latest_day
from finance_core.ui.screener import address, rows
from finance_core.ui.screener.rows import RELATIONS, TEXT_RELATIONS, Row, Rows
from tests import pages
from tests.storage.test_panels import no_panel_is_kept, store  # noqa: F401 - a fixture
from tests.storage.test_prices import make_bars
from tests.ui.test_any_address import DAYS, ODD

pytestmark = pytest.mark.slow

HANGUL = re.compile("[가-힣]")


@pytest.fixture
def market(own_server_db: MongoDatabase) -> MongoDatabase:
    rising = make_bars(100)
    store(own_server_db, "000001", rising, name="오름", market="KOSPI", industry="반도체")
    store(own_server_db, "000002", rising.assign(close=rising["close"].to_numpy()[::-1]), name="내림", market="KOSDAQ")
    store(own_server_db, "000003", make_bars(100), name="표본", source="sample")
    store(own_server_db, "000004", rising.tail(10), name="짧음")
    return own_server_db


def test_a_bar_that_is_older_than_those_of_others_is_told(market: MongoDatabase) -> None:
    store(market, "000001", make_bars(99), name="오름")
    page = opened(rule="close > ma20")
    assert (names(page), result(page)["날짜"].tolist()) == (["오름"], [f"{make_bars(99).index[-1]:%Y-%m-%d}"])
    assert f"{make_bars(100).index[-1]:%Y-%m-%d}" in page.markdown[0].value.replace("\\", "")
    assert "1종목은 마지막 봉이 그보다 앞입니다." in [caption.value for caption in page.caption]


def opened(**query: str) -> AppTest:
    page = pages.open_viewer("screener", **query)
    assert not page.exception
    return page


def result(page: AppTest) -> pd.DataFrame:
    frame: pd.DataFrame = page.get("dataframe")[-1].value
    return frame


def names(page: AppTest) -> list[str]:
    return [link.partition("#")[2] for link in result(page)["이름"]]


def test_an_address_is_a_question(market: MongoDatabase) -> None:
    page = opened(rule="close > ma20", day="2024-04-10")
    assert not page.error
    assert names(page) == ["오름"]
    assert result(page)["MA20"].tolist() == [1090]
    assert list(result(page)) == ["이름", "종가", "등락률", "최근 60봉", "MA20", "날짜", "코드"]
    assert list(result(opened(rule="close > 1"))) == ["이름", "종가", "등락률", "최근 60봉", "날짜", "코드"]
    assert "살펴본 2종목 가운데 **1종목**" in page.get("markdown")[0].value
    assert [each.label for each in page.expander] == ["표본 시세 · 1", "봉이 모자람 · 1"]


def test_a_day_that_is_still_to_come_is_told_and_the_newest_bars_are_asked(market: MongoDatabase) -> None:
    page = opened(rule="close > ma20", day="2199-12-31")
    (warning,) = page.warning
    assert "2199-12-31" in warning.value.replace("\\", "")
    assert names(page) == names(opened(rule="close > ma20"))


def test_a_tiny_fall_is_below_nought_and_has_its_colour(market: MongoDatabase) -> None:
    close = np.append(np.full(99, 1_000_000.0), 999_970.0)
    flat = make_bars(100).assign(**dict.fromkeys(("open", "high", "low"), 1e6), close=close)
    store(market, "000005", flat.assign(low=close), name="조금")
    page = opened(rule="close > 500000")
    assert result(page)["등락률"].tolist() == pytest.approx([-0.003])
    assert Style(rising_is_red=True).falling in page.get("dataframe")[-1].proto.arrow_data.styler.styles


def test_differences_of_prices_have_the_decimals_that_the_chart_has(market: MongoDatabase) -> None:
    bars, growing = make_bars(200), np.linspace(50, 99, 200)
    dear = bars.assign(**{name: bars[name] * growing for name in candles.PRICES})
    store(market, "000005", dear, name="휨")
    found = result(opened(rule="macd > 100 and atr14 > 0 and ma20 > 0")).set_index("코드").loc["000005"]
    macd, atr, average = found.iloc[4:7]
    assert all(round(number, 2) == number != round(number) for number in (macd, atr))
    assert average == round(average), "prices have none in won"


def test_choices_write_the_condition_and_the_address(market: MongoDatabase) -> None:
    page = opened(rule="close > ma20")
    page.selectbox(key="relation_0").select("<").run()
    assert page.query_params["rule"] == "close < ma20"
    assert names(page) == ["내림"]
    page.selectbox(key="other_0").select("number").run()
    page.number_input(key="number_0").set_value(1050.0).run()
    assert page.query_params["rule"] == "close < 1050"
    page.button(key="add_condition").click().run()
    assert page.query_params["rule"] == "close < 1050 and close > ma20"
    page.selectbox(key="field_1").select("rsi").run()
    page.selectbox(key="other_1").select("number").run()
    page.number_input(key="setting0_1").set_value(9).run()
    assert page.query_params["rule"] == "close < 1050 and rsi9 > 0"
    page.button_group(key="joint").set_value("or").run()
    assert page.query_params["rule"] == "close < 1050 or rsi9 > 0"
    page.button(key="icon_remove_0").click().run()
    page.selectbox(key="field_1").select("market").run()
    page.selectbox(key="text_1").select("KOSDAQ").run()
    assert page.query_params["rule"] == 'market == "KOSDAQ"'
    assert names(page) == ["내림"]


def test_a_number_that_is_typed_stays_whatever_is_clicked_in_the_same_moment(market: MongoDatabase) -> None:
    def number(position: int) -> NumberInput:
        return [each for each in page.number_input if each.label == "숫자"][position]

    page = opened(rule="close < 1050 and rsi14 > 30")
    number(0).set_value(1060.0)
    number(1).set_value(40.0)
    page.button(key="add_condition").click().run()
    assert page.query_params["rule"] == "close < 1060 and rsi14 > 40 and close > ma20"
    number(1).set_value(50.0)
    page.button_group(key="joint").set_value("or").run()
    assert page.query_params["rule"] == "close < 1060 or rsi14 > 50 or close > ma20"
    number(1).set_value(60.0)
    next(each for each in page.button if each.label == "빼기").click().run()
    assert page.query_params["rule"] == "rsi14 > 60 or close > ma20"


def test_values_that_a_slow_browser_has_kept_from_the_previous_condition_change_nothing(market: MongoDatabase) -> None:
    page = opened(rule="ma5 > ma20 and ma20 > ma60")
    page.text_input(key="rule").set_value("close < ma20")
    kept = page._tree.get_widget_states()
    page.run()
    relation = next(each for each in page.selectbox if each.label == "비교")
    pages.run_late(page, kept, lambda: relation.select(">"))
    assert page.query_params["rule"] == "close > ma20"


def test_of_equal_conditions_the_chosen_one_changes_in_all_its_parts(market: MongoDatabase) -> None:
    page = opened(rule="close > ma20 and close > ma20")
    page.number_input(key="other_setting0_1").set_value(60)
    page.number_input(key="times_1").set_value(3.0).run()
    assert page.query_params["rule"] == "close > ma20 and close > 3 * ma60"


def test_a_click_that_comes_late_does_not_undo_a_condition_that_was_written(market: MongoDatabase) -> None:
    for written in ("not close > 5", "close > ma20 andd"):
        page = opened(rule="close > 1 and close > 2")
        page.button(key="icon_remove_0").click()
        page.button_group(key="joint").set_value("or")
        page.query_params["rule"] = written
        page.run()
        assert page.query_params["rule"] == written


def rule(page: AppTest) -> Any:
    """The condition as text; its key changes when the text does."""
    (field,) = [field for field in page.text_input if field.label == "조건 글"]
    return field


def test_a_ready_screen_is_readable_as_the_conditions_it_is(market: MongoDatabase) -> None:
    page = opened()
    for key, ready in READY.items():
        page.button_group(key="ready").set_value(key).run()
        assert not page.exception
        assert rule(page).value == ready.rule


@pytest.mark.parametrize("text", ["golden_cross", "골든크로스", " 골든크로스 "])
def test_a_ready_screen_can_be_written_by_its_name(market: MongoDatabase, text: str) -> None:
    page = opened()
    rule(page).set_value(text).run()
    assert rule(page).value == READY["golden_cross"].rule
    assert page.query_params["rule"] == READY["golden_cross"].rule, "a link needs no name in a language"
    assert not page.error


def test_a_mistake_is_shown_where_it_is(market: MongoDatabase) -> None:
    page = opened(rule="close > mx20")
    assert [code.value for code in page.code] == ["close > mx20\n        ^"]
    assert "mx20" in page.error[0].value
    assert not page.get("dataframe") or "이름" not in result(page)
    rule(page).set_value("close > ma20").run()
    assert not page.error
    assert names(page) == ["오름"]


def test_what_is_no_rows_is_edited_as_text(market: MongoDatabase) -> None:
    page = opened(rule="not (close > ma20 or close < 5)")
    assert "이 조건은 글로만 고칩니다." in [caption.value for caption in page.caption]
    assert names(page) == ["내림"]


def test_what_happened_next_is_told_with_what_it_leaves_out(market: MongoDatabase) -> None:
    page = opened(rule="close > ma20")
    page.toggle(key="followed").set_value(True).run()
    table = result(page)
    assert table["거래일 뒤"].tolist() == [5, 20, 60]
    assert all(map(is_numeric_dtype, table.dtypes)), "all columns sort by size"
    shown = pages.displayed(page.dataframe[-1])
    assert shown["사례"].tolist() == [f"{count:,}" for count in table["사례"]]
    assert shown["오른 비율"].tolist() == [f"{share:.2%}" for share in table["오른 비율"]]
    assert shown["중앙값"].tolist() == [f"{move:+.2%}" if move else "0.00%" for move in table["중앙값"]]
    assert "비용" in page.caption[-1].value
    assert "상장폐지" in page.caption[-1].value


def test_an_admin_saves_a_screen_by_name_and_a_visitor_opens_it(
    market: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(rule="close < ma20", day="2024-04-09")
    assert "save_screen_name" not in [button.key for button in page.button]
    pages.sit_at_the_machine(monkeypatch)
    page = opened(rule="close < ma20", day="2024-04-09")
    page.text_input(key="screen_name").set_value("내 <검색>")
    page.button(key="save_screen_name").click().run()
    assert screens.SAVED.load(market) == {"내 <검색>": {"rule": "close < ma20", "day": "2024-04-09"}}
    pages.sit_at_the_machine(monkeypatch, False)
    page = opened()
    page.button(key="saved_내 <검색>").click().run()
    assert page.query_params["rule"] == "close < ma20"
    assert names(page) == ["내림"]


def test_samples_alone_are_no_answer(own_server_db: MongoDatabase) -> None:
    store(own_server_db, "000003", make_bars(100), name="표본", source="sample")
    page = opened(rule="close > 1")
    assert "표본 시세뿐이라" in page.info[0].value


@pytest.mark.parametrize("sample", [False, True])
def test_a_day_before_all_real_prices_is_told_with_the_day_on_which_they_begin(
    own_server_db: MongoDatabase, sample: bool
) -> None:
    bars = make_bars(100)
    store(own_server_db, "000001", bars, name="오름")
    if sample:
        store(own_server_db, "000003", bars, name="표본", source="sample")
    page = opened(rule="close > 1", day="1999-01-01")
    assert [info.value for info in page.info] == [
        f"그날까지의 봉이 없습니다. 실제 시세는 {bars.index[0].date()}부터 있습니다."
    ]


def test_the_newest_day_is_that_of_real_prices(market: MongoDatabase) -> None:
    later = make_bars(100)
    store(market, "000003", later.set_axis(later.index + pd.Timedelta(days=365)), name="표본", source="sample")
    page = opened(rule="close > ma20")
    assert names(page) == ["오름"]
    assert page.get("markdown")[0].value.startswith(f"{later.index[-1].date()} ")
    page = opened(rule="close / 0 > 1")
    assert not page.info, "real prices without a value are no samples"


def test_every_text_is_english_for_an_english_reader(market: MongoDatabase) -> None:
    i18n.use_language("en")  # the test runner words options outside of the page
    page = opened(lang="en", rule='close > ma20 and market == "KOSPI" and crossed_above(close, ma5, 90)')
    page.toggle(key="followed").set_value(True).run()
    texts = [text for text in pages.visible_text(page) if text.partition(" ")[0] not in ("오름", "표본", "짧음")]
    assert [text for text in texts if HANGUL.search(text)] == []
    options = [option for box in page.selectbox for option in box.options]
    assert [option for option in options if HANGUL.search(option)] == []


def test_any_address_is_answered(market: MongoDatabase) -> None:
    days = ("", DAYS[0], DAYS[3], "2024-04-09", DAYS[-1])
    # A day is looked at once the rule is understood: those are asked of every day, the others of one each.
    asked = [(rule, day) for rule in ("", "close > 1", "count(rsi14 < 30, 5) > 1") for day in days]
    for rule, day in [*asked, *zip(ODD, itertools.cycle(days), strict=False)]:
        page = opened(rule=rule, day=day, **{"in": "korean_stocks"})
        assert page.error or page.get("dataframe"), (rule, day)


@given(
    st.sampled_from(CATEGORIES), st.text(max_size=80), st.none() | st.dates(max_value=pd.Timestamp("2199-12-31").date())
)
@settings(deadline=None)
def test_a_view_is_its_address(category: Any, rule: str, day: Any) -> None:
    view = address.View(category, rule_of(rule), day if day and day.year >= 1800 else None)
    assert address.parse(address.texts_of(view)) == (view, [])


_field_names = st.sampled_from(list(FIELDS))


@st.composite
def _rows(draw: Any) -> Row:
    field = rows.usual(draw(_field_names))
    if FIELDS[field.name].unit == "text":
        return Row(
            field, draw(st.sampled_from(list(TEXT_RELATIONS))), text=draw(st.sampled_from(["", "KOSPI", "반도체"]))
        )
    relation = draw(st.sampled_from(list(RELATIONS)))
    crosses = relation.startswith("crossed")
    bars = draw(st.integers(1, 260)) if crosses else 1
    if draw(st.booleans()):
        other = rows.usual(draw(_field_names.filter(lambda name: FIELDS[name].unit != "text")))
        times = 1.0 if crosses else draw(st.sampled_from([1.0, 0.5, 3.0]))
        return Row(field, relation, other=other, times=times, bars=bars)
    return Row(field, relation, number=float(draw(st.integers(-1000, 1000))), bars=bars)


@given(st.sampled_from(["and", "or"]), st.lists(_rows(), min_size=1, max_size=4))
@settings(deadline=None)
def test_rows_become_a_condition_and_back(joint: Any, chosen: list[Row]) -> None:
    made = Rows(joint if len(chosen) > 1 else "and", tuple(chosen))
    assert rows.of(parse(str(rows.tree_of(made)))) == made


def test_every_ready_screen_but_those_with_counts_is_rows() -> None:
    assert [key for key, ready in READY.items() if rows.of(parse(ready.rule)) is None] == ["low_rebound", "pullback"]


@pytest.mark.parametrize("field", FIELDS)
def test_another_field_keeps_what_fits(field: str) -> None:
    row = Row(rows.usual("close"), ">=", number=5.0)
    changed = rows.with_field(row, field)
    assert changed.relation in (TEXT_RELATIONS if changed.is_text else RELATIONS)
    assert parse(str(rows.tree_of(Rows("and", (changed,)))))
    assert rows.with_field(changed, "close").relation in RELATIONS


def test_real_prices_are_asked(own_server_db: MongoDatabase) -> None:
    for ticker, table in pages.real_tables().items():
        store(own_server_db, ticker, candles.clean(table)[0])
    page = opened(rule="close > ma20", day="2025-03-04")
    assert len(result(page)) >= 3


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Pacific/Kiritimati"])
def test_a_day_that_has_begun_somewhere_has_come_wherever_the_machine_is(
    monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert latest_day() == dt.datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
    finally:
        monkeypatch.undo()
        time.tzset()
