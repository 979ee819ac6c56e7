"""The page of the ticker lists, run by Streamlit's own test runner; what is done inside the grid is in tests/e2e."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from finance_core import ticker_fields
from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.i18n import _
from finance_core.storage import prices, ticker_edits, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.ticker_edits import Edit
from finance_core.ui import visitor
from finance_core.ui.text import plain
from finance_core.ui.tickers import grid
from tests import pages

pytestmark = pytest.mark.slow

KEY = "tickers:korean_stocks"
COUNT = "종목 {count}개. 칸을 두 번 눌러 고칩니다."
EDITED = "{rows}개 행에서 {cells}칸을 고쳤습니다"
PREVIEW = "새 종목 {new}, 변경 {changed}, 그대로 {unchanged}, 거절 {refused}"
CHOSEN = "고른 종목 {count}개 ({tickers}), 저장된 봉 {bars}개"


class Hand:
    """What a person does in the grid, which the test runner does not draw."""

    def __init__(self) -> None:
        self.answer = grid.Answer(frame=1)

    def edit(self, page: AppTest, *edits: Edit) -> AppTest:
        """The page after these edits, cell by cell, on top of those before."""
        cells = [
            (1, Edit(edit.ticker, {key: edit.original[key]}, {key: value}))
            for edit in edits
            for key, value in edit.changes.items()
        ]
        self.answer = replace(self.answer, edits=(*self.answer.edits, *cells))
        return page.run()

    def choose(self, *chosen: str) -> None:
        """Have exactly these tickers ticked."""
        self.answer = replace(self.answer, chosen=chosen)


@pytest.fixture(autouse=True)
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    """An admin at the machine, and their hand in the grid."""
    pages.sit_at_the_machine(monkeypatch)
    monkeypatch.setattr(visitor, "visitor_address", lambda: None)  # the test runner has none
    hand = Hand()
    monkeypatch.setattr(grid, "answer", lambda _key, _generation: hand.answer)
    return hand


@pytest.fixture
def listed(own_server_db: MongoDatabase) -> MongoDatabase:
    rows = [("000660", "SK하이닉스"), ("005930", "삼성전자"), ("035720", "카카오")]
    named = [{"ticker": ticker, "name": name, "market": "KOSPI"} for ticker, name in rows]
    tickers.register(own_server_db, KOREAN_STOCKS, named)
    return own_server_db


def open_page(language: str = "ko") -> AppTest:
    page = AppTest.from_file(pages.PAGES_DIR / "admin_tickers.py", default_timeout=60)
    page.query_params["lang"] = language
    return page.run()


def name_edit(ticker: str, before: str, after: str) -> Edit:
    return Edit(ticker, {"name": before}, {"name": after})


def name_of(db: MongoDatabase, ticker: str) -> str:
    row = tickers.get(db, KOREAN_STOCKS, ticker)
    assert row is not None
    return str(row["name"])


def dataframe(page: AppTest, column: str) -> pd.DataFrame:
    """The one table of the page with this column."""
    (table,) = (element.value for element in page.get("dataframe") if column in element.value.columns)
    assert isinstance(table, pd.DataFrame)
    return table


def choose_entry(page: AppTest, db: MongoDatabase) -> AppTest:
    """The page after a click on the newest row of its history."""
    (newest,) = ticker_edits.summaries(db, KOREAN_STOCKS, 1)
    page.session_state[f"{KEY}:changes:{newest.entry}"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    return page.run()


def has_button(page: AppTest, name: str) -> bool:
    return any(button.key == f"{KEY}:{name}" for button in page.button)


def says(page: AppTest, message: str, **values: object) -> bool:
    """Whether the page shows this message, by its id, with these values."""
    text = "\n".join(pages.visible_text(page)).replace("\\", "")
    return _(message).format(**values) in text


def conflicts(page: AppTest) -> list[str]:
    """The tickers whose conflicts wait for a decision."""
    prefix = f"{KEY}:conflict:"
    return [str(radio.key).removeprefix(prefix) for radio in page.radio if str(radio.key).startswith(prefix)]


def submit(page: AppTest) -> AppTest:
    """The page after a click on the button of its one form."""
    (button,) = (button for button in page.button if button.proto.is_form_submitter)
    return button.click().run()


@pytest.mark.usefixtures("listed")
def test_the_grid_gets_columns_of_one_type_whatever_an_edit_holds(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[pd.DataFrame] = []
    monkeypatch.setattr(grid, "AgGrid", lambda table, **_options: drawn.append(table))
    page = open_page()
    hand.edit(
        page, Edit("005930", {"active": True}, {"active": ""}), Edit("000660", {"active": True}, {"active": False})
    )
    page.button(f"{KEY}:refresh").click().run()
    assert drawn[-1]["active"].dtype == bool
    assert drawn[-1].set_index("ticker")["active"].to_dict() == {"000660": False, "005930": True, "035720": True}
    assert "사용 여부는 예 또는 아니요여야 합니다" in page.error[0].value


@pytest.mark.usefixtures("listed")
def test_a_visitor_from_the_lan_gets_a_sentence_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    pages.sit_at_the_machine(monkeypatch, False)
    page = open_page()
    assert len(page.info) == 1
    assert not [*page.button, *page.text_input, *page.get("dataframe"), *page.tabs, *page.get("button_group")]


def test_looking_changes_nothing(own_server_db: MongoDatabase) -> None:
    page = open_page()
    assert not page.exception
    assert says(page, COUNT, count=0)
    assert own_server_db.list_collection_names() == []


def test_edits_are_counted_saved_and_told(listed: MongoDatabase, hand: Hand) -> None:
    both = Edit("000660", {"name": "SK하이닉스", "marker": "circle"}, {"name": "하이닉스", "marker": "pin"})
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", "<b>삼성</b> & $x$"), both)
    assert says(page, EDITED, rows=2, cells=3)
    page.button(key=f"{KEY}:save").click().run()
    assert "2" in page.success[0].value
    assert name_of(listed, "005930") == "<b>삼성</b> & $x$"
    assert not has_button(page, "save"), "nothing is left to save"


def test_an_edit_that_breaks_a_rule_names_row_and_rule_and_stays_while_the_others_are_saved(
    listed: MongoDatabase, hand: Hand
) -> None:
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", " "), name_edit("000660", "SK하이닉스", "하이닉스"))
    assert [error.value.replace("\\", "") for error in page.error] == ["005930: 이름이 비어 있습니다."]
    page.button(key=f"{KEY}:save").click().run()
    assert name_of(listed, "000660") == "하이닉스"
    assert name_of(listed, "005930") == "삼성전자"
    assert dataframe(page, "후")["종목 코드"].tolist() == ["005930"]
    assert [error.value.replace("\\", "") for error in page.error] == ["005930: 이름이 비어 있습니다."], "once"


@pytest.mark.parametrize(("choice", "name"), [("mine", "나"), ("theirs", "남")])
def test_a_conflict_shows_all_three_and_what_is_chosen_holds(
    listed: MongoDatabase, choice: str, name: str, hand: Hand
) -> None:
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", "나"))
    ticker_edits.save(listed, KOREAN_STOCKS, [name_edit("005930", "삼성전자", "남")], "you")

    page.button(key=f"{KEY}:save").click().run()

    assert name_of(listed, "005930") == "남", "nothing is overwritten silently"
    assert conflicts(page) == ["005930"]
    assert dataframe(page, "다른 사람").to_dict("records") == [
        {"항목": "이름", "원래": "삼성전자", "다른 사람": "남", "나": "나"}
    ]
    page.radio(key=f"{KEY}:conflict:005930").set_value(choice).run()
    page.button(key=f"{KEY}:resolve").click().run()
    if choice == "mine":
        page.button(key=f"{KEY}:save").click().run()
    assert name_of(listed, "005930") == name
    assert not has_button(page, "resolve"), "no conflict is left"


def test_two_conflicts_over_one_ticker_are_one_with_all_that_was_wanted(listed: MongoDatabase, hand: Hand) -> None:
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", "나"))
    ticker_edits.save(listed, KOREAN_STOCKS, [name_edit("005930", "삼성전자", "남")], "you")
    page.button(key=f"{KEY}:save").click().run()
    page = hand.edit(page, Edit("005930", {"market": "KOSPI"}, {"market": "KOSDAQ"}))
    page.button(key=f"{KEY}:save").click().run()

    assert conflicts(page) == ["005930"]
    page.radio(key=f"{KEY}:conflict:005930").set_value("mine").run()
    page.button(key=f"{KEY}:resolve").click().run()
    page.button(key=f"{KEY}:save").click().run()
    row: Any = tickers.get(listed, KOREAN_STOCKS, "005930")
    assert (row["name"], row["market"]) == ("나", "KOSDAQ")


def test_deciding_a_conflict_keeps_what_was_edited_since(listed: MongoDatabase, hand: Hand) -> None:
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", "나"))
    ticker_edits.save(listed, KOREAN_STOCKS, [name_edit("005930", "삼성전자", "남")], "you")
    page.button(key=f"{KEY}:save").click().run()
    page = hand.edit(page, Edit("005930", {"marker": "circle"}, {"marker": "pin"}))
    page.radio(key=f"{KEY}:conflict:005930").set_value("mine").run()
    page.button(key=f"{KEY}:resolve").click().run()
    page.button(key=f"{KEY}:save").click().run()
    row: Any = tickers.get(listed, KOREAN_STOCKS, "005930")
    assert (row["name"], row["marker"]) == ("나", "pin")


@pytest.mark.parametrize("search", ["a\0b", "[(", "\\"])
def test_no_search_breaks_the_page(listed: MongoDatabase, search: str) -> None:
    page = open_page()
    page.text_input(key=f"{KEY}:search").set_value(search).run()
    assert not page.error
    assert says(page, COUNT, count=0)
    assert page.text_input(key=f"{KEY}:search").max_chars == ticker_fields.NAME_LIMIT


def test_edits_survive_searching_paging_and_sorting(listed: MongoDatabase, hand: Hand) -> None:
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", "삼전"))
    page.text_input(key=f"{KEY}:search").set_value("카카오").run()
    assert says(page, EDITED, rows=1, cells=1)
    page.selectbox(key=f"{KEY}:size").set_value(50).run()
    page.text_input(key=f"{KEY}:search").set_value("").run()
    page.button(key=f"{KEY}:refresh").click().run()
    page.button(key=f"{KEY}:save").click().run()
    assert name_of(listed, "005930") == "삼전"


def test_an_edit_of_a_row_that_was_read_anew_is_still_one_of_the_row_it_was_made_to(
    listed: MongoDatabase, hand: Hand
) -> None:
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", "나"))
    ticker_edits.save(listed, KOREAN_STOCKS, [name_edit("005930", "삼성전자", "남")], "you")
    page.button(key=f"{KEY}:refresh").click().run()
    # The grid shows the edit over the new row, and it is edited again there.
    page = hand.edit(page, name_edit("005930", "남", "나야"))
    page.button(key=f"{KEY}:save").click().run()
    assert name_of(listed, "005930") == "남", "nothing is overwritten silently"
    assert conflicts(page) == ["005930"]


@pytest.mark.parametrize("action", ["import", "remove"])
def test_what_is_done_to_a_row_otherwise_leaves_an_edit_of_it_that_can_still_be_saved(
    listed: MongoDatabase, action: str, hand: Hand
) -> None:
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", "삼전"))
    if action == "import":
        page.text_area(key=f"{KEY}:paste").set_value("5930,삼성,KOSDAQ").run()
        page.button(key=f"{KEY}:import").click().run()
    else:
        hand.choose("005930")
        page.run()
        page.button(key=f"{KEY}:remove").click().run()
    page.button(key=f"{KEY}:save").click().run()
    assert name_of(listed, "005930") == "삼전"
    assert not has_button(page, "resolve"), "no conflict is left"


def test_a_write_is_refused_where_the_right_is_gone_by_then(
    listed: MongoDatabase, monkeypatch: pytest.MonkeyPatch, hand: Hand
) -> None:
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", "x"))
    pages.sit_at_the_machine(monkeypatch, False)
    page.button(key=f"{KEY}:save").click().run()
    assert name_of(listed, "005930") == "삼성전자"
    assert not page.exception


def test_a_save_is_in_the_history(listed: MongoDatabase, hand: Hand) -> None:
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", "삼전"))
    page.button(key=f"{KEY}:save").click().run()
    history = dataframe(page, "누가")
    assert history["종목"].tolist() == ["005930"]
    assert history["무엇을"].tolist() == ["고침"]


def test_an_edit_is_undone_in_the_history_and_a_removal_says_that_it_cannot_be(listed: MongoDatabase) -> None:
    ticker_edits.save(listed, KOREAN_STOCKS, [name_edit("005930", "삼성전자", "삼전")], "me")
    page = choose_entry(open_page(), listed)
    (undo,) = [button for button in page.button if button.key.startswith(f"{KEY}:undo:")]
    undo.click().run()
    assert says(page, "{count}개 행을 되돌렸습니다.", count=1)
    assert not says(page, "{count}개 행을 저장했습니다.", count=1)
    assert name_of(listed, "005930") == "삼성전자"

    ticker_edits.delete(listed, KOREAN_STOCKS, ["005930"], "me")
    page = choose_entry(open_page(), listed)
    assert not [button for button in page.button if button.key.startswith(f"{KEY}:undo:")]
    assert [each.value for each in page.caption if "되돌릴 수 없습니다" in each.value]


@pytest.mark.parametrize(
    ("address", "name"),
    [(None, "localhost"), ("::ffff:127.0.0.1", "localhost"), ("::1", "localhost"), ("10.0.0.9", "10.0.0.9")],
)
def test_who_made_a_change_is_the_machine_itself_by_whatever_address(
    listed: MongoDatabase, monkeypatch: pytest.MonkeyPatch, hand: Hand, address: str | None, name: str
) -> None:
    monkeypatch.setattr(visitor, "visitor_address", lambda: address)
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", "삼전"))
    page.button(key=f"{KEY}:save").click().run()
    assert dataframe(page, "누가")["누가"].tolist() == [name]


def test_one_ticker_is_added_with_its_zeros_and_a_second_time_it_is_there_already(listed: MongoDatabase) -> None:
    page = open_page()
    for kind in ("success", "warning"):
        page.text_input(key=f"{KEY}:new_ticker").set_value(" 373220 ")
        page.text_input(key=f"{KEY}:new_name").set_value("LG에너지솔루션")
        submit(page)
        (message,) = page.get(kind)
        assert "373220" in message.value
    assert name_of(listed, "373220") == "LG에너지솔루션"


def test_the_form_asks_for_a_field_that_is_added_to_the_table_and_a_list_shows_it(
    listed: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = replace(ticker_fields.by_key()["name"], key="note", title="Note", default="", headers=("note",))
    monkeypatch.setattr(ticker_fields, "FIELDS", (*ticker_fields.FIELDS, note))
    page = open_page()
    page.text_input(key=f"{KEY}:new_ticker").set_value("373220")
    page.text_input(key=f"{KEY}:new_note").set_value("fine")
    submit(page)
    row: Any = tickers.get(listed, KOREAN_STOCKS, "373220")
    assert (row["name"], row["note"]) == ("373220", "fine")
    page.text_area(key=f"{KEY}:paste").set_value("ticker,note\n373220,better").run()
    assert dataframe(page, "줄")["결과"].tolist() == ["Note: fine → better"]


def test_an_edit_that_the_row_holds_already_needs_no_saving(listed: MongoDatabase, hand: Hand) -> None:
    page = hand.edit(open_page(), name_edit("005930", "삼성전자", "삼전"))
    ticker_edits.save(listed, KOREAN_STOCKS, [name_edit("005930", "삼성전자", "삼전")], "you")
    page.button(key=f"{KEY}:refresh").click().run()
    assert not has_button(page, "save")
    assert not has_button(page, "resolve")


def test_a_ticker_of_another_shape_is_refused_with_a_sentence_until_the_next_answer(listed: MongoDatabase) -> None:
    page = open_page()
    page.text_input(key=f"{KEY}:new_ticker").set_value("AAPL")
    submit(page)
    assert [error.value for error in page.error] == [plain("종목 코드가 아닙니다: AAPL")]
    assert tickers.page(listed, KOREAN_STOCKS).total == 3
    page.text_input(key=f"{KEY}:new_ticker").set_value("373220")
    submit(page)
    assert (len(page.error), len(page.success), len(page.toast)) == (0, 1, 0)


def test_pasted_lines_are_previewed_and_written_only_on_request(listed: MongoDatabase) -> None:
    page = open_page()
    page.text_area(key=f"{KEY}:paste").set_value("5930\t삼전\n660\tSK하이닉스\n373220\tLG\nAAPL\t애플").run()
    assert says(page, PREVIEW, new=1, changed=1, unchanged=1, refused=1)
    assert dataframe(page, "줄")["결과"].tolist() == [
        "종목 코드가 아닙니다: AAPL",
        "이름: 삼성전자 → 삼전",
        "그대로",
        "새 종목",
    ]
    assert name_of(listed, "005930") == "삼성전자"
    page.button(key=f"{KEY}:import").click().run()
    assert name_of(listed, "005930") == "삼전"
    assert name_of(listed, "373220") == "LG"


def test_pasted_lines_and_those_of_a_file_are_added_together(listed: MongoDatabase) -> None:
    page = open_page()
    page.text_area(key=f"{KEY}:paste").set_value("373220,LG\n5930,삼전")
    page.file_uploader(key=f"{KEY}:upload").set_value(
        ("list.csv", "종목코드,이름,시장,사용\n5930,삼성,,\n051910,화학,코스닥,N".encode(), "text/csv")
    )
    page.run()
    assert says(page, PREVIEW, new=2, changed=1, unchanged=0, refused=1)
    table = dataframe(page, "줄")
    assert table["결과"].iloc[-1] == "새 종목 · 시장: KOSDAQ · 사용: 아니요"
    assert table[["있는 곳", "줄"]].to_numpy().tolist() == [
        ["list.csv", 2],
        ["붙여 넣기", 1],
        ["붙여 넣기", 2],
        ["list.csv", 3],
    ]
    assert table["결과"].iloc[0] == "같은 종목이 앞에 또 있습니다."
    page.button(key=f"{KEY}:import").click().run()
    assert [name_of(listed, ticker) for ticker in ("373220", "005930", "051910")] == ["LG", "삼전", "화학"]


def test_an_uploaded_list_takes_a_ticker_out_of_use_and_says_what_it_does_not_read(listed: MongoDatabase) -> None:
    page = open_page()
    page.file_uploader(key=f"{KEY}:upload").set_value(
        ("a.csv", "ticker,active,메모\n5930,FALSE,x".encode(), "text/csv")
    )
    page.run()
    assert dataframe(page, "줄")["결과"].tolist() == ["사용: 예 → 아니요"]
    assert says(page, "읽지 않은 열: {names}", names="메모")
    page.button(key=f"{KEY}:import").click().run()
    (entry,) = ticker_edits.summaries(listed, KOREAN_STOCKS, 9)
    active = [(tickers.get(listed, KOREAN_STOCKS, "005930") or {})["active"]]
    ticker_edits.undo(listed, KOREAN_STOCKS, entry.entry, "me")
    assert [*active, (tickers.get(listed, KOREAN_STOCKS, "005930") or {})["active"]] == [False, True]


def test_removing_asks_and_keeps_the_bars_unless_told_otherwise(listed: MongoDatabase, hand: Hand) -> None:
    bars = candles.clean(pages.made_table(halted=0))[0]
    prices.write(listed, KOREAN_STOCKS, "005930", bars)
    hand.choose("005930")
    page = open_page()
    assert says(page, CHOSEN, count=1, tickers="005930", bars=f"{len(bars):,}")
    page.button(key=f"{KEY}:remove").click().run()
    row: Any = tickers.get(listed, KOREAN_STOCKS, "005930")
    assert row["active"] is False
    assert prices.count(listed, KOREAN_STOCKS, "005930") == len(bars)

    how = page.radio(key=f"{KEY}:how")
    how.set_value(how.options[1]).run()
    assert not has_button(page, "remove"), "not before it is confirmed"
    page.checkbox[0].check().run()
    page.button(key=f"{KEY}:remove").click().run()
    assert tickers.get(listed, KOREAN_STOCKS, "005930") is None
    assert prices.count(listed, KOREAN_STOCKS, "005930") == 0


@pytest.mark.usefixtures("listed")
def test_that_tickers_may_be_deleted_is_said_of_those_and_not_of_others(hand: Hand) -> None:
    hand.choose("005930")
    page = open_page()
    how = page.radio(key=f"{KEY}:how")
    how.set_value(how.options[1]).run()
    page.checkbox[0].check().run()
    assert has_button(page, "remove")
    hand.choose("000660")
    page.run()
    assert page.radio(key=f"{KEY}:how").value == how.options[1]
    assert not has_button(page, "remove")


def test_counts_have_thousands_separators_before_a_save_and_in_its_history(
    own_server_db: MongoDatabase, hand: Hand
) -> None:
    names = {f"{number:06}": f"회사 {number}" for number in range(1, 1_206)}
    rows = [{"ticker": ticker, "name": name} for ticker, name in names.items()]
    tickers.register(own_server_db, KOREAN_STOCKS, rows)
    edits = [name_edit(ticker, name, f"새 {name}") for ticker, name in names.items()]
    hand.choose(*names)
    page = hand.edit(open_page(), *edits)
    assert says(page, EDITED, rows="1,205", cells="1,205")
    assert says(page, CHOSEN, count="1,205", tickers="000001, 000002, 000003, 000004, 000005…", bars="0")
    ticker_edits.save(own_server_db, KOREAN_STOCKS, edits, "me")
    assert dataframe(page.run(), "누가")["종목"].tolist() == ["000001, 000002, 000003 외 1,202개"]


def test_every_text_of_the_page_is_there_in_english(listed: MongoDatabase, hand: Hand) -> None:
    page = hand.edit(open_page("en"), Edit("005930", {"active": True}, {"active": False}))
    page.button(key=f"{KEY}:save").click().run()
    page.text_area(key=f"{KEY}:paste").set_value("373220\tLG\nBAD!").run()
    korean = [text for text in pages.visible_text(page) if any("가" <= char <= "힣" for char in text)]
    assert korean == []


def test_the_database_going_away_is_a_sentence(listed: MongoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page()
    monkeypatch.setenv("MONGO_URI", "mongodb://127.0.0.1:1/")
    page.run()
    assert not page.exception
    assert "127.0.0.1:1" in page.error[0].value.replace("\\", "")


@pytest.mark.parametrize("market", ["K//Q", "K/*Q"])
def test_a_market_that_looks_like_a_comment_stays_in_what_may_be_pasted(market: str) -> None:
    rows: list[Any] = [{"ticker": "1", "market": market}]
    script = grid.options(KOREAN_STOCKS, rows, ("name", False))["onGridReady"].js_code
    written = market.replace("/", "\\u002f")
    assert f'"{written.replace("K", "k").replace("Q", "q")}": "{written}"' in script
    assert script.count("{") == script.count("}")


def test_the_grid_offers_a_market_of_the_users_own_but_no_text_that_st_aggrid_runs_as_code() -> None:
    rows: list[Any] = [{"ticker": "1", "market": "반도체"}, {"ticker": "2", "market": "::JSCODE::alert(1)::JSCODE::"}]
    columns = {column["field"]: column for column in grid.options(KOREAN_STOCKS, rows, ("name", False))["columnDefs"]}
    assert columns["market"]["cellEditorParams"]["values"] == ["", "KOSPI", "KOSDAQ", "반도체"]
    assert [key for key, column in columns.items() if "initialSort" in column] == ["name"]
