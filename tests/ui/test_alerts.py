"""The page of alerts and what other pages show of them, run by Streamlit's own test runner."""

import datetime as dt
from urllib.parse import parse_qs

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from finance_core import background, i18n
from finance_core.bars.screen import READY
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import SisepanError
from finance_core.storage import alerts, locations, prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import ALERTS
from finance_core.ui import listing, visitor
from tests import pages
from tests.receivers import Mailbox, Receiver
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def admin(monkeypatch: pytest.MonkeyPatch, own_server_db: MongoDatabase, yahoo: YahooStandIn) -> None:
    """An admin at the machine, and a chart."""
    pages.sit_at_the_machine(monkeypatch)
    monkeypatch.setattr(visitor, "visitor_address", lambda: None)
    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table(halted=0)}, {})
    listing.forget()


def open_page() -> AppTest:
    return AppTest.from_file(pages.PAGES_DIR / "admin_alerts.py", default_timeout=120).run()


def fill(page: AppTest, **values: str) -> AppTest:
    for field, value in values.items():
        page.text_input(key=f"new_alert_{field}").set_value(value)
    page.run()
    assert not page.exception
    return page


def test_a_rule_is_made_of_a_ready_condition_asked_and_removed(own_server_db: MongoDatabase) -> None:
    page = open_page()
    page.session_state["new_alert_ready"] = "new_high"
    fill(page, name="내 알림", condition="close > 1", tickers="5930", webhook="https://example.com/hook")
    page.button(key="new_alert_add").click().run()
    (rule,) = alerts.rules(own_server_db)
    assert (rule["name"], rule["tickers"], rule["condition"]) == ("내 알림", ["005930"], "close > 1")
    assert any("내 알림" in element.value for element in page.markdown)
    assert screens_of(page) == [], "the screener cannot ask some tickers alone"
    assert page.text_input(key="new_alert_name_1").value == "", "a new box, for the next one"
    page.button(key=f"icon_delete_{rule['_id']}").click().run()
    assert alerts.rules(own_server_db) == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ko", "파일에서 가져온 시세에는 다음 업데이트 때 묻습니다."),
        ("en", "Prices from files are judged at the next update."),
    ],
)
def test_the_page_says_when_prices_from_files_are_judged(language: str, said: str) -> None:
    page = AppTest.from_file(pages.PAGES_DIR / "admin_alerts.py", default_timeout=120)
    page.query_params["lang"] = language
    assert any(said in caption.value for caption in page.run().caption)


def test_a_rule_for_all_tickers_leads_to_its_condition_in_the_screener(own_server_db: MongoDatabase) -> None:
    alerts.add(own_server_db, KOREAN_STOCKS, "급등", "close > 1")
    assert screens_of(open_page()) == [{"in": ["korean_stocks"], "rule": ["close > 1"]}]


def test_a_rule_marks_its_tickers_that_are_off_or_deleted_and_cuts_none_of_them_off(
    own_server_db: MongoDatabase,
) -> None:
    names = ["000020", "000040", "000050", "000070", "005380", "035420"]
    tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": each, "name": each} for each in names])
    alerts.add(own_server_db, KOREAN_STOCKS, "여럿", "close > 1", of=names)
    alerts.add(own_server_db, KOREAN_STOCKS, "하나", "close > 1", of=["005930"])
    assert [named.partition(" · ")[0] for named in rules_of(open_page())] == [", ".join(names[:5]) + "…", "005930"]
    tickers.record(own_server_db, KOREAN_STOCKS, "005380", {"active": False})
    tickers.collection(own_server_db).delete_one({"ticker": "035420"})
    marked = "005380 (사용 안 함), 035420 (목록에 없음), 000020, 000040, 000050…"
    assert [named.partition(" · ")[0] for named in rules_of(open_page())] == [marked, "005930"]


def test_a_category_that_is_never_updated_gets_no_rule_and_those_that_it_has_say_so(
    own_server_db: MongoDatabase,
) -> None:
    alerts.add(own_server_db, KOREAN_STOCKS, "급등", "close > 1")
    locations.point(own_server_db, KOREAN_STOCKS, locations.Location("mine", read_only=True))
    page = fill(open_page(), condition="close > 2")
    assert any("업데이트가 없는 카테고리라 더 묻지 않음" in caption.value for caption in page.caption)
    page.button(key="new_alert_add").click().run()
    assert "읽기만 하는 카테고리" in page.error[0].value
    assert len(alerts.rules(own_server_db)) == 1


def rules_of(page: AppTest) -> list[str]:
    """What the lines of the rules say after the category."""
    facts = [element.value.replace("\\", "") for element in page.caption]
    return [fact.removeprefix("한국 주식 · ") for fact in facts if fact.startswith("한국 주식 · ")]


def screens_of(page: AppTest) -> list[dict[str, list[str]]]:
    """The parameters of the links to the screener."""
    links = [link.proto for link in page.get("page_link") if link.proto.page == "screener"]
    return [parse_qs(link.query_string) for link in links]


def send_test(page: AppTest) -> AppTest:
    """Press the only button for a test, and wait until the test was sent."""
    (button,) = [button for button in page.button if str(button.key).startswith("test_")]
    button.click().run()
    for task in background.running():
        assert task.wait(30)
    return page.run()


def test_a_test_is_sent_by_each_way_and_the_page_says_whether_it_was_taken(
    own_server_db: MongoDatabase, receiver: Receiver, mailbox: Mailbox
) -> None:
    alerts.add(own_server_db, KOREAN_STOCKS, "화면에만", "close > 1")
    alerts.add(own_server_db, KOREAN_STOCKS, "급등", "close > 1", webhook=receiver.address, email="a@example.com")
    page = send_test(open_page())
    assert [element.value.replace("\\", "") for element in page.success] == [
        "웹훅: 시험 메시지를 보냈습니다.",
        "전자우편: 시험 메시지를 보냈습니다.",
    ]
    receiver.statuses = [404]
    page = send_test(page)
    assert [element.value.replace("\\", "") for element in page.error] == ["웹훅: 웹훅이 HTTP 404로 답했습니다."]
    assert [body["test"] for _key, body in receiver.posts] == [True, True]
    assert len(mailbox.mails) == 2
    assert own_server_db[ALERTS].count_documents({}) == 0


def test_a_test_is_sent_in_the_language_of_who_sends_it(own_server_db: MongoDatabase, receiver: Receiver) -> None:
    alerts.add(own_server_db, KOREAN_STOCKS, "a jump", "close > 1", webhook=receiver.address)
    page = AppTest.from_file(pages.PAGES_DIR / "admin_alerts.py", default_timeout=120)
    page.query_params["lang"] = "en"
    page = send_test(page.run())
    assert [element.value.replace("\\", "") for element in page.success] == ["Webhook: the test was sent."]
    ((_key, body),) = receiver.posts
    assert body["text"].startswith("[Test] a jump\nKorean stocks")


def test_a_ready_condition_is_offered_in_the_language_of_the_visitor(own_server_db: MongoDatabase) -> None:
    page = AppTest.from_file(pages.PAGES_DIR / "admin_alerts.py", default_timeout=120)
    page.query_params["lang"] = "en"
    i18n.use_language("en")  # of this thread, in which the test runner looks for the button
    page.run().button_group(key="new_alert_ready").set_value("golden_cross").run()
    assert page.text_input(key="new_alert_name").value == "Golden cross"
    assert page.text_input(key="new_alert_condition").value == READY["golden_cross"].rule


def test_a_mistake_is_pointed_at_before_the_rule_is_made(own_server_db: MongoDatabase) -> None:
    page = fill(open_page(), name="고장", condition="close > > 3")
    assert page.code[0].value.endswith("^")
    assert len(page.error) == 1
    page.button(key="new_alert_add").click().run()
    assert len(page.error) == 1, "it is said once"
    assert alerts.rules(own_server_db) == []


def test_the_first_click_after_typing_counts_and_says_what_is_missing(own_server_db: MongoDatabase) -> None:
    page = open_page()
    assert not page.button(key="new_alert_add").disabled, "the browser would swallow the click that ends the typing"
    page.button(key="new_alert_add").click().run()
    assert page.error[0].value.replace("\\", "") == "조건식이 비어 있습니다."
    page.text_input(key="new_alert_condition").set_value("close > 1")
    page.button(key="new_alert_add").click().run()
    assert page.error[0].value.replace("\\", "") == "이름이 비어 있습니다."
    page.text_input(key="new_alert_name").set_value("알림")
    page.button(key="new_alert_add").click().run()
    assert [rule["name"] for rule in alerts.rules(own_server_db)] == ["알림"]


def test_what_cannot_be_used_is_a_sentence_and_keeps_what_was_typed(own_server_db: MongoDatabase) -> None:
    page = fill(open_page(), name="알림", condition="close > 1", tickers="999999")
    page.button(key="new_alert_add").click().run()
    assert "999999" in page.error[0].value
    assert page.text_input(key="new_alert_condition").value == "close > 1"
    assert alerts.rules(own_server_db) == []


def found(db: MongoDatabase) -> None:
    """An alert of the newest session, that was not sent yet."""
    alerts.add(db, KOREAN_STOCKS, "*급등*", "close > 1", webhook="https://example.com/hook")
    day = dt.datetime.now(dt.UTC).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    (rule,) = alerts.rules(db)
    delivery = {"state": "waiting", "attempts": 1, "next_at": day, "error": "웹훅이 HTTP 404로 답했습니다."}
    close = prices.load(db, KOREAN_STOCKS, "005930")["close"].iloc[-1]
    alert = {"_id": f"{rule['_id']}/x/005930", "rule": rule["_id"], "name": "*급등*", "category": "korean_stocks"}
    alert |= {"condition": "close > 1", "ticker": "005930", "session": day, "close": close, "change": 0.2}
    db[ALERTS].insert_one(alert | {"found_at": day, "deliveries": {"webhook": delivery}})


@pytest.mark.parametrize(
    ("language", "column", "said"),
    [("ko", "보냄", "웹훅 보내지 않음(알림을 지움): "), ("en", "Sent", "Webhook not sent (alert removed): ")],
)
def test_an_alert_that_waits_when_its_rule_is_removed_says_that_it_is_not_sent_and_what_failed(
    own_server_db: MongoDatabase, language: str, column: str, said: str
) -> None:
    found(own_server_db)
    alerts.remove(own_server_db, alerts.rules(own_server_db)[0]["_id"])
    page = AppTest.from_file(pages.PAGES_DIR / "admin_alerts.py", default_timeout=120)
    page.query_params["lang"] = language
    assert page.run().dataframe[0].value[column].tolist() == [said + "웹훅이 HTTP 404로 답했습니다."]
    own_server_db[ALERTS].update_many({}, {"$set": {"withdrawn_at": dt.datetime(2026, 1, 1)}})
    assert page.run().dataframe[0].value[column].tolist() == [""], "it would not have been sent"


@pytest.mark.parametrize(
    ("language", "column", "said"),
    [
        ("ko", "보냄", "웹훅 보내는 중: 웹훅이 HTTP 404로 답했습니다."),
        ("en", "Sent", "Webhook being sent: The webhook answered HTTP 404."),
    ],
)
def test_why_an_alert_was_not_sent_is_told_in_the_language_of_the_visitor(
    own_server_db: MongoDatabase, language: str, column: str, said: str
) -> None:
    found(own_server_db)
    error, waiting = SisepanError("웹훅이 HTTP {status}(으)로 답했습니다.", status=404), own_server_db[ALERTS].find()
    alerts.settle(own_server_db, "webhook", waiting.to_list(), dt.datetime(2026, 1, 1), error)  # type: ignore[arg-type]
    page = AppTest.from_file(pages.PAGES_DIR / "admin_alerts.py", default_timeout=120)
    page.query_params["lang"] = language
    assert page.run().dataframe[0].value[column].tolist() == [said]


def test_an_alert_is_shown_on_its_page_on_the_first_page_and_on_the_chart(own_server_db: MongoDatabase) -> None:
    found(own_server_db)
    frame = open_page().dataframe[0]
    row = pages.displayed(frame).iloc[0]
    assert row["알림"] == "*급등*"
    assert row["등락률"] == "+20.00%"
    assert row["종가"].replace(",", "").isdecimal()
    assert set(frame.value[["종가", "등락률"]].dtypes) == {np.dtype(float)}, "so they sort by size"
    assert row["보냄"] == "웹훅 보내는 중: 웹훅이 HTTP 404로 답했습니다."
    first = AppTest.from_file(pages.PAGES_DIR / "overview.py", default_timeout=120).run()
    assert [frame.value for frame in first.dataframe if "알림" in frame.value.columns]
    chart = pages.open_viewer(ticker="005930")
    assert any("급등" in element.value for element in chart.markdown)


def test_a_visitor_sees_neither_the_page_nor_the_alerts(
    own_server_db: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(own_server_db)
    pages.sit_at_the_machine(monkeypatch, sits=False)
    assert not open_page().text_input
    first = AppTest.from_file(pages.PAGES_DIR / "overview.py", default_timeout=120).run()
    assert not [frame for frame in first.dataframe if "알림" in frame.value.columns]
    assert not any("급등" in element.value for element in pages.open_viewer(ticker="005930").markdown)
    assert tickers.get(own_server_db, KOREAN_STOCKS, "005930")
