"""Who gets to change anything, from wherever and by whatever means: in a browser, and by the websocket itself."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from websockets.exceptions import InvalidStatus

from finance_core.storage import documents
from finance_core.storage.database import MongoDatabase
from tests import pages
from tests.e2e.conftest import Start
from tests.e2e.visitor import Visitor, buttons, visit
from tests.processes import wait_until
from tests.yahoo import YahooStandIn

pytestmark = pytest.mark.slow

PASSWORD = "s3cret-Passw0rd"


@pytest.fixture
def stored(own_server_db: MongoDatabase, yahoo: YahooStandIn) -> MongoDatabase:
    """One ticker that is a day behind, and no run."""
    table = pages.made_table(first="2026-06-01", halted=0)
    pages.update_from(yahoo, own_server_db, {"005930": table.iloc[:-1]}, {})
    own_server_db[documents.RUNS].delete_many({})
    return own_server_db


@pytest.mark.usefixtures("stored")
def test_who_knows_the_password_is_an_admin_from_anywhere_and_nobody_else(
    own_app: Start, own_address: str, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    log = tmp_path / "log"
    address = own_app(log=log)
    with visit(address) as visitor:
        assert not buttons(visitor.run("admin_updates")), "not even at the machine"

    page.goto(address.replace("127.0.0.1", own_address))
    page.get_by_role("link", name="로그인").click(timeout=60_000)
    field = page.get_by_label("관리자 비밀번호")
    field.fill("wrong-0ne")
    field.press("Enter")
    expect(page.get_by_text("비밀번호가 맞지 않습니다.")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name="시세 업데이트")).to_have_count(0)
    expect(field).to_have_value("")

    field.fill(PASSWORD)
    page.get_by_role("button", name="로그인").click()
    expect(page.get_by_text("관리자로 로그인했습니다.")).to_be_visible(timeout=30_000)
    assert PASSWORD not in page.content() + page.url
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="시세 업데이트").click()
    expect(page.get_by_role("button", name="모두 업데이트")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name="로그인")).to_have_count(0)

    page.get_by_role("button", name="로그아웃").click()
    expect(page.get_by_text("관리자 비밀번호로 로그인하십시오")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="모두 업데이트")).to_have_count(0)
    written = log.read_text(encoding="utf-8")
    assert written.count(f"a wrong admin password from {own_address}") == 1
    assert PASSWORD not in written
    assert "wrong-0ne" not in written


@pytest.mark.usefixtures("stored")
def test_a_visitor_from_the_lan_finds_no_way_to_the_updates_and_forged_headers_show_none(
    app: Start, own_address: str, page: Page
) -> None:
    lan = app().replace("127.0.0.1", own_address)
    forged = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1;host=localhost"}
    for headers in ({}, forged):
        page.set_extra_http_headers(headers)
        page.goto(lan + "/admin_updates")
        expect(page.get_by_text("읽기 전용입니다.")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("link", name="시세 업데이트")).to_have_count(0)
        expect(page.get_by_role("button", name="업데이트")).to_have_count(0)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="한국 주식").click()
    expect(page.locator("canvas").first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="시세 업데이트")).to_have_count(0)
    expect(page.get_by_text("관리", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="업데이트")).to_have_count(0)


@pytest.mark.parametrize("trusted_proxies", ["", "*"])
def test_by_the_websocket_only_who_sits_at_the_machine_starts_anything(
    stored: MongoDatabase,
    app: Start,
    own_app: Start,
    own_address: str,
    monkeypatch: pytest.MonkeyPatch,
    trusted_proxies: str,
) -> None:
    if trusted_proxies:
        # The server's own belief in X-Forwarded-For, at its most trusting: it then takes 127.0.0.1 for the address.
        monkeypatch.setenv("FORWARDED_ALLOW_IPS", trusted_proxies)
    here = own_app() if trusted_proxies else app()
    lan = here.replace("127.0.0.1", own_address)
    with visit(here) as admin:
        drawn = buttons(admin.run("admin_updates"))
        assert {"update_all", "update_korean_stocks"} <= set(drawn)
        star = buttons(admin.run("korean_stocks"))["star"]

    forged = {
        "X-Forwarded-For": "127.0.0.1",
        "x-forwarded-for": "::1",
        "Forwarded": "for=127.0.0.1",
        "X-Real-IP": "127.0.0.1",
        "X-Forwarded-Host": "localhost",
    }
    others: list[tuple[str, dict[str, Any]]] = [
        (lan, {}),
        (lan, {"host": "localhost"}),
        (lan, {"host": "127.0.0.1"}),
        (lan, {"headers": {"X-Forwarded-For": "127.0.0.1"}}),
        (lan, {"headers": {name: forged[name] for name in ("x-forwarded-for", "Forwarded", "X-Real-IP")}}),
        (lan, {"headers": {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost"}, "host": "localhost"}),
        *[(here, {"headers": {name: value}}) for name, value in forged.items()],  # each of which a proxy here may send
        (here, {"host": "prices.example.com"}),
    ]
    for address, connection in others:
        with visit(address, **connection) as visitor:
            assert not buttons(visitor.run("admin_updates")), connection
            visitor.run("admin_updates", *drawn.values())
            assert not {"star", "update"} & set(buttons(visitor.run("korean_stocks", star))), connection
            visitor.run("korean_stocks", star)
    assert stored[documents.RUNS].count_documents({}) == 0
    assert stored["ticker_metadata"].count_documents({"favourite": True}) == 0

    with visit(here) as admin:
        admin.run("admin_updates")
        admin.run("admin_updates", drawn["update_korean_stocks"])
        assert wait_until(lambda: stored[documents.RUNS].count_documents({"origin": "page"}) == 1), (
            "what was sent does work"
        )
        admin.run("korean_stocks")
        admin.run("korean_stocks", star)
        assert stored["ticker_metadata"].count_documents({"favourite": True}) == 1
        assert wait_until(lambda: stored[documents.RUNS].count_documents({"state": "running"}) == 0)
    assert stored[documents.RUNS].count_documents({}) == 1, "and what the others sent has started none by now"


@pytest.mark.usefixtures("stored")
def test_behind_a_proxy_as_the_readme_sets_it_up_the_password_counts_and_tries_are_told_apart(
    own_app: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "127.0.0.1")
    log = tmp_path / "log"
    address = own_app(log=log)
    name = f"prices.example.lan:{address.rpartition(':')[2]}"
    through = {"Origin": f"https://{name}", "X-Forwarded-For": "192.168.0.7", "X-Forwarded-Proto": "https"}
    with visit(address, headers=through, host="prices.example.lan") as visitor:
        assert not log_in(visitor, visitor.run("login"), "wrong")
        assert log_in(visitor, visitor.run("login"), PASSWORD)
    assert "a wrong admin password from 192.168.0.7" in log.read_text(encoding="utf-8")
    with pytest.raises(InvalidStatus, match="403"), visit(address, headers=through):
        pass  # a proxy that does not hand on the host


def log_in(visitor: Visitor, sent: list[Any], password: str) -> bool:
    """Whether the visitor gets to see the updates page after trying `password` on the login page, which was `sent`."""
    (field,) = [message.delta.new_element.text_input.id for message in sent if message.delta.new_element.text_input.id]
    visitor.run("login", buttons(sent)["log_in"], typed={field: password})
    return "update_all" in buttons(visitor.run("admin_updates"))
