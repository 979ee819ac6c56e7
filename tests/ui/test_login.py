"""The login page, and that every write asks who writes, run by Streamlit's own test runner."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from finance_core import auth, settings
from finance_core.categories import KOREAN_STOCKS, US_STOCKS
from finance_core.errors import NotAllowed
from finance_core.storage import documents, runs, schedule, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui import login, update_actions, visitor
from finance_core.ui.text import plain
from tests import pages
from tests.processes import wait_until
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow

PASSWORD = "비밀 s3cret-Passw0rd"
ADDRESS = "::ffff:192.168.0.7"
HOME = Path(__file__).resolve().parents[2] / "Home.py"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(login, "_tries", auth.Tries(clock=clock))
    for module in (login, visitor):
        monkeypatch.setattr(module, "visitor_address", lambda: ADDRESS)
    return clock


@pytest.fixture
def password(data_dir: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    return PASSWORD


def open_login(language: str = "ko") -> AppTest:
    page = AppTest.from_file(pages.PAGES_DIR / "login.py", default_timeout=60)
    page.query_params["lang"] = language
    return page.run()


def try_password(page: AppTest, typed: str) -> AppTest:
    page.text_input[0].input(typed)
    page.button(key="log_in").click()
    return page.run()


def everything_kept(page: AppTest) -> str:
    """All that Streamlit keeps of the visit and has sent to its browser, as text."""
    state: Any = page.session_state._state._state
    kept = [state._new_session_state, state._old_state, state._new_widget_state.states]
    return f"{kept} {page.main} {page.sidebar} {dict(page.query_params)} {pages.visible_text(page)}"


@pytest.mark.usefixtures("password")
def test_the_right_password_makes_an_admin_and_is_kept_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    page = try_password(open_login(), PASSWORD)
    assert not page.exception
    assert page.success[0].value == "관리자로 로그인했습니다."
    assert page.session_state[visitor.LOGIN] == auth.proof(PASSWORD, ADDRESS)
    assert PASSWORD not in everything_kept(page) + caplog.text


@pytest.mark.usefixtures("password")
@pytest.mark.parametrize("typed", ["", "wrong-0ne", PASSWORD.upper(), PASSWORD + " ", PASSWORD[:-1], "0" * 10_000])
def test_a_wrong_password_is_a_sentence_and_a_line_in_the_log_with_the_address(
    typed: str, caplog: pytest.LogCaptureFixture
) -> None:
    page = try_password(open_login(), typed)
    assert page.error[0].value == plain("비밀번호가 맞지 않습니다.")
    assert visitor.LOGIN not in page.session_state
    (line,) = [record.getMessage() for record in caplog.records if record.name == login.__name__]
    assert line == "a wrong admin password from 192.168.0.7"
    assert not typed or typed not in everything_kept(page) + caplog.text
    assert not page.run().error, "it is told once"


def test_the_sixth_try_within_a_minute_is_refused_even_if_it_is_right(
    password: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _try in range(5):
        page = try_password(open_login(), "wrong")  # a visit of its own each: what counts is the address
    page = try_password(page, password)
    assert "1분에 5번까지" in page.error[0].value
    assert visitor.LOGIN not in page.session_state
    clock.now += 60
    assert try_password(page, password).success
    assert caplog.text.count("192.168.0.7") == 6
    assert password not in caplog.text


@pytest.mark.usefixtures("password")
def test_an_address_that_is_none_does_not_reach_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(login, "visitor_address", lambda: "1.2.3.4 nobody did this")
    try_password(open_login(), "wrong")
    assert "a wrong admin password from an unknown address" in caplog.text


def test_a_changed_or_removed_password_ends_the_login(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = try_password(open_login(), password)
    assert page.run().success
    monkeypatch.setenv("ADMIN_PASSWORD", "another")
    assert not page.run().success
    assert page.text_input[0].value == ""
    monkeypatch.delenv("ADMIN_PASSWORD")
    assert not page.run().success
    assert "localhost" in page.info[0].value, "without a password the machine itself counts"


def test_the_password_may_stand_in_secrets_toml(data_dir: Path, clock: Clock) -> None:
    settings.SECRETS_FILE.write_text('ADMIN_PASSWORD = "from the file"\n', encoding="utf-8")
    page = try_password(open_login(), "from the file")
    assert page.success
    settings.SECRETS_FILE.write_text('ADMIN_PASSWORD = "changed"\n', encoding="utf-8")
    assert not page.run().success


def test_settings_that_cannot_be_read_make_nobody_an_admin(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pages.sit_at_the_machine(monkeypatch)
    monkeypatch.delenv("ADMIN_PASSWORD")
    settings.SECRETS_FILE.write_text("ADMIN_PASSWORD = s3cret\n", encoding="utf-8")
    assert not visitor.may_edit()
    page = open_login()
    assert "secrets" in page.error[0].value
    assert "s3cret" not in page.error[0].value


@pytest.mark.usefixtures("password")
def test_with_a_password_sitting_at_the_machine_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    pages.sit_at_the_machine(monkeypatch)
    assert open_login().text_input
    with pytest.raises(NotAllowed):
        visitor.require_admin()


@pytest.mark.usefixtures("data_dir")
def test_without_a_password_the_test_runner_which_has_no_connection_is_nobody() -> None:
    with pytest.raises(NotAllowed):
        visitor.require_admin()


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize(
    ("client", "admin"),
    [
        (SimpleNamespace(remote_ip="127.0.0.1"), True),
        (SimpleNamespace(remote_ip="::ffff:127.0.0.1"), True),
        (SimpleNamespace(remote_ip="192.168.0.7"), False),
        (SimpleNamespace(remote_ip=None), False),
        (None, False),
    ],
)
def test_a_visitor_who_has_hung_up_is_not_taken_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, client: SimpleNamespace | None, admin: bool
) -> None:
    """A run goes on for a moment without its visitor, for whom st.context then tells what it tells for this machine."""
    if client:
        client.headers = [("Host", "localhost:8501")]
    connection = client and SimpleNamespace(client_context=client)
    running = SimpleNamespace(get_client={"the visit": connection}.get)
    monkeypatch.setattr(visitor, "get_script_run_ctx", lambda: SimpleNamespace(session_id="the visit"))
    monkeypatch.setattr(visitor.runtime, "get_instance", lambda: running)
    assert visitor.may_edit() is admin


@pytest.mark.usefixtures("password")
def test_every_text_is_there_in_english() -> None:
    page = open_login("en")
    texts = [*pages.visible_text(page), page.text_input[0].label]
    for typed in ["wrong"] * 4 + [PASSWORD, PASSWORD]:
        if page.text_input:
            texts += pages.visible_text(try_password(page, typed))
    assert "You are logged in as admin." in texts
    assert [text for text in texts if any("가" <= char <= "힣" for char in text)] == []


def test_logging_in_opens_the_admin_pages_and_logging_out_closes_them(
    own_server_db: MongoDatabase, password: str
) -> None:
    page = AppTest.from_file(pages.PAGES_DIR / "admin_updates.py", default_timeout=60)
    page.query_params["lang"] = "ko"
    page.run()
    assert "로그인하십시오" in page.info[0].value
    assert not [*page.button, *page.toggle, *page.get("dataframe"), *page.subheader]
    page.session_state[visitor.LOGIN] = auth.proof(password, ADDRESS)
    assert page.run().button(key="update_all")

    home = AppTest.from_file(HOME, default_timeout=60).run()
    assert "log_out" not in {button.key for button in home.button}
    home.session_state[visitor.LOGIN] = auth.proof(password, ADDRESS)
    home.run().button(key="log_out").click().run()
    assert visitor.LOGIN not in home.session_state
    assert "log_out" not in {button.key for button in home.button}


@pytest.fixture
def drawn_then_refused(
    own_server_db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[], AppTest], Callable[[AppTest], Any]], AppTest]:
    """Draws a page for an admin, who is one no longer when they press something on it; the page as it is then."""

    def press(draw: Callable[[], AppTest], widget: Callable[[AppTest], Any]) -> AppTest:
        pages.sit_at_the_machine(monkeypatch)
        page = draw()
        pressed = widget(page)
        pages.sit_at_the_machine(monkeypatch, False)
        before = contents(own_server_db)
        pressed.run()
        assert not page.exception
        assert "읽기 전용" in page.toast[0].value
        assert not update_actions.background.running()
        assert contents(own_server_db) == before
        return page

    pages.update_from(yahoo, own_server_db, {"005930": pages.made_table()}, {})
    return press


def contents(db: MongoDatabase) -> dict[str, list[Any]]:
    return {name: list(db[name].find({}, {"heartbeat_at": 0})) for name in sorted(db.list_collection_names())}


def open_updates() -> AppTest:
    page = AppTest.from_file(pages.PAGES_DIR / "admin_updates.py", default_timeout=60)
    page.query_params["lang"] = "ko"
    return page.run()


@pytest.mark.parametrize("key", ["star", "update"])
def test_a_write_on_a_chart_is_refused_where_it_happens(drawn_then_refused: Any, key: str) -> None:
    page = drawn_then_refused(pages.open_viewer, lambda page: page.button(key=key).click())
    assert pages.chart(page)[0], "the chart stays"


@pytest.mark.parametrize("key", ["update_all", "update_korean_stocks", "full_us_stocks"])
def test_an_update_is_refused_where_it_begins(drawn_then_refused: Any, key: str) -> None:
    page = drawn_then_refused(open_updates, lambda page: page.button(key=key).click())
    assert "읽기 전용" in page.info[0].value
    assert not page.button


def test_the_schedule_is_refused_where_it_is_switched(own_server_db: MongoDatabase, drawn_then_refused: Any) -> None:
    drawn_then_refused(open_updates, lambda page: page.toggle(key="schedule_us_stocks").set_value(True))
    assert schedule.enabled_since(own_server_db, US_STOCKS) is None


@pytest.mark.parametrize("button", ["resume", "retry"])
def test_continuing_a_run_is_refused_where_it_begins(
    own_server_db: MongoDatabase, drawn_then_refused: Any, button: str
) -> None:
    run = runs.latest(own_server_db, KOREAN_STOCKS)
    assert run is not None
    own_server_db[documents.RUNS].update_one({"_id": run["_id"]}, {"$set": {"state": "cancelled", "failed": 1}})
    key = f"{button}_korean_stocks_{run['_id']}"
    drawn_then_refused(open_updates, lambda page: page.button(key=key).click())


@pytest.mark.parametrize("draw", [open_updates, pages.open_viewer])
def test_cancelling_a_run_is_refused_where_it_happens(
    own_server_db: MongoDatabase, drawn_then_refused: Any, draw: Callable[[], AppTest]
) -> None:
    stop = threading.Event()
    with runs.leased(own_server_db, KOREAN_STOCKS, "terminal", {}, stop) as run:
        run.report({"total": 2, "done": 1, "current": 0, "failed": 0}, [])
        assert wait_until(lambda: (runs.latest(own_server_db, KOREAN_STOCKS) or {}).get("done") == 1), "is stored"
        drawn_then_refused(draw, lambda page: page.button(key="cancel_korean_stocks").click())
        assert "cancel_requested" not in (runs.latest(own_server_db, KOREAN_STOCKS) or {})
        run.finish("done")


def test_adding_a_ticker_is_refused_where_it_happens(
    own_server_db: MongoDatabase, drawn_then_refused: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search box is a component that the test runner cannot type into, so that its callback is called as it is."""

    def script() -> None:
        import streamlit as st

        from finance_core.ui import search_box
        from finance_core.ui.viewer import page as viewer

        search_box.show = lambda _db, _choose, *, add, **_options: st.button(
            "add", key="add", on_click=add, args=("000660",)
        )  # type: ignore[assignment]
        viewer.show("korean_stocks", lambda *_args, **_options: None)

    from finance_core.ui import search_box

    monkeypatch.setattr(search_box, "show", search_box.show)  # put back what the script replaces
    page = AppTest.from_function(script, default_timeout=60)
    page.query_params["lang"] = "ko"
    drawn_then_refused(page.run, lambda page: page.button(key="add").click())
    assert tickers.get(own_server_db, KOREAN_STOCKS, "000660") is None
