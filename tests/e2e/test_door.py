"""What reaches the app beside its pages: sessions of others, other origins, uploads, and what all visitors share."""

import http.client
import itertools
import re
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from playwright.sync_api import Page, expect
from websockets.exceptions import InvalidStatus

from finance_core.bars import candles
from finance_core.categories import KOREAN_STOCKS
from finance_core.storage import prices, tickers
from finance_core.storage.database import MongoDatabase
from tests.e2e.conftest import Start
from tests.e2e.test_login import PASSWORD, log_in
from tests.e2e.visitor import buttons, session_of, visit, widgets
from tests.yahoo import random_walk

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("own_server_db"),
]

MEGABYTE = 1 << 20


def ask(address: str, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> int:
    """The status of the answer to a request."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request(method, path, body, headers or {})
    status = connection.getresponse().status
    connection.close()
    return status


def upload(address: str, session: str, size: int, file: str = "one", announced: int = 0) -> int:
    """The status of the answer to an upload of `size` bytes, with a token as Streamlit's own page sends it.

    With `announced`, the request says that so many bytes follow.
    """
    netloc = urlsplit(address).netloc
    connection = http.client.HTTPConnection(netloc, timeout=60)
    connection.request("GET", "/_stcore/health")
    answer = connection.getresponse()
    answer.read()
    cookie = next(value for name, value in answer.getheaders() if value.startswith("_streamlit_xsrf="))
    token = cookie.partition("=")[2].partition(";")[0]
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    headers = {
        "Cookie": f"_streamlit_xsrf={token}",
        "X-Xsrftoken": token.strip('"'),
        "Content-Type": "multipart/form-data; boundary=x",
    }
    headers |= {"Content-Length": str(announced)} if announced else {}
    body = part + b"0" * size + b"\r\n--x--\r\n"
    with closing(connection):
        connection.request("PUT", f"/_stcore/upload_file/{session}/{file}", body, headers)
        return connection.getresponse().status


def test_a_login_counts_for_its_own_address_until_the_logout_and_the_sixth_try_within_a_minute_is_refused(
    own_app: Start, own_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    log = tmp_path / "log"
    here = own_app(log=log)
    lan = here.replace("127.0.0.1", own_address)
    with visit(lan) as admin:
        sent = admin.run("login")
        session = session_of(sent)
        assert log_in(admin, sent, PASSWORD)
        with visit(here, session=session) as thief:
            taken = thief.run("admin_updates")
            assert session_of(taken) == session, "Streamlit hands the session over"
            assert not buttons(taken)
    with visit(lan, session=session) as admin:
        assert "update_all" in buttons(admin.run("admin_updates")), "whose it is goes on after a break"
        drawn = admin.run("admin_data")
        assert upload(lan, session, 1) == 204
        assert upload(here, session, 1) == 403, "from where nobody has logged in"
        admin.run("admin_data", buttons(drawn)["log_out"])
        admin.run("admin_data")
        assert upload(lan, session, 1) == 403

    # That was the first try. The sixth is refused in whatever visit, though the password is right.
    for number in range(6):
        with visit(lan, headers={"X-Forwarded-For": f"10.0.0.{number}"}) as visitor:
            sent = visitor.run("login")
            assert not log_in(visitor, sent, PASSWORD if number > 3 else f"wrong-{number}")
    with visit(here) as visitor:
        assert log_in(visitor, visitor.run("login"), PASSWORD), "another address is not held up"
    written = log.read_text(encoding="utf-8")
    assert written.count(f"a wrong admin password from {own_address}") == 4
    assert written.count(f"too many tries of the admin password from {own_address}") == 2
    assert "wrong-" not in written
    assert PASSWORD not in written


def test_a_page_of_another_origin_gets_no_connection(app: Start) -> None:
    address = app()
    for origin in ("http://localhost:28999", "http://127.0.0.1", "null", "http://[", "https://x.test"):
        with pytest.raises(InvalidStatus, match="403"), visit(address, headers={"Origin": origin}):
            pass
    with visit(address, headers={"Origin": address}) as admin:
        assert "update_all" in buttons(admin.run("admin_updates")), "a page of the app itself does"


def test_only_an_admin_before_an_uploader_uploads_and_not_without_bound(app: Start, own_address: str) -> None:
    here = app()
    lan = here.replace("127.0.0.1", own_address)
    with visit(lan) as visitor:
        session = session_of(visitor.run("admin_data"))
        assert upload(lan, session, 1) == 403
        assert upload(here, session, 1) == 403, "even from the machine itself"
    with visit(here) as admin:
        session = session_of(admin.run("korean_stocks"))
        assert upload(here, session, 1) == 403, "there is no uploader on a chart"
        admin.run("admin_data")
        assert upload(here, session, 1) == 204
        assert upload(lan, session, 1) == 403
        assert [upload(here, session, 150 * MEGABYTE, file=f"large{number}") for number in range(2)] == [204, 204]
        assert upload(here, session, 1, announced=150 * MEGABYTE) == 413


def test_handmade_values_of_widgets_get_a_sentence_and_if_unreadable_one_line_in_the_log(
    own_app: Start, data_dir: Path
) -> None:
    values = ["{bad", '{"chosen": 5}', '{"chosen": "nowhere:x"}', "[]", "0"]
    address = own_app()
    for widget, value in itertools.product(("search", "language_switch"), values):
        with visit(address) as visitor:
            ids = widgets(visitor.run("korean_stocks"))
            sent = visitor.run("korean_stocks", json={ids[widget]: value})
            assert not [message for message in sent if message.delta.new_element.HasField("exception")]
    lines = (data_dir / "log" / "app.log").read_text(encoding="utf-8").splitlines()
    unreadable = [line.partition("a visitor sent what no browser sends: ")[2] for line in lines]
    assert unreadable == ["JSONDecodeError", "JSONDecodeError", "TypeError"], lines


def test_metrics_are_for_who_sits_at_the_machine(app: Start, own_address: str) -> None:
    here = app()
    assert ask(here, "GET", "/_stcore/metrics") == 200
    assert ask(here.replace("127.0.0.1", own_address), "GET", "/_stcore/metrics") == 404
    assert ask(here, "GET", "/_stcore/metrics", headers={"X-Forwarded-For": "10.0.0.7"}) == 404


@pytest.mark.parametrize(
    ("trusted", "told"),
    [
        ("own", "10.0.0.7"),
        ("", "own"),
        pytest.param("192.0.2.1", "own", marks=pytest.mark.exhaustive),
    ],
)
def test_only_a_trusted_proxy_names_the_visitor(
    own_app: Start, own_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: str, told: str
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    monkeypatch.setenv("TRUSTED_PROXY", own_address if trusted == "own" else trusted)
    log = tmp_path / "log"
    here = own_app(log=log)
    with visit(here.replace("127.0.0.1", own_address), headers={"X-Forwarded-For": "10.0.0.7"}) as visitor:
        assert not log_in(visitor, visitor.run("login"), "wrong")
    names = {own_address if told == "own" else told}
    if trusted:  # then only that one is: not who is trusted where nothing is set
        with visit(here, headers={"X-Forwarded-For": "10.0.0.8"}) as visitor:
            assert not log_in(visitor, visitor.run("login"), "wrong")
        names.add("127.0.0.1")
    written = log.read_text(encoding="utf-8")
    assert set(re.findall(r"a wrong admin password from (\S+)", written)) == names


def test_an_open_page_of_an_admin_goes_after_the_password_was_changed(
    app: Start, page: Page, monkeypatch: pytest.MonkeyPatch, own_server_db: MongoDatabase
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    page.goto(app() + "/login")
    page.get_by_label("관리자 비밀번호").fill(PASSWORD)
    page.get_by_label("관리자 비밀번호").press("Enter")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="종목 관리").click(timeout=60_000)
    expect(page.get_by_role("radio", name="한국 주식").or_(page.get_by_text("한국 주식")).first).to_be_visible()
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD + "!")
    app()
    expect(page.get_by_text("읽기 전용입니다.")).to_be_visible(timeout=30_000)


def test_a_viewer_announces_the_script_of_its_chart_and_no_other_page_does(app: Start) -> None:
    address = app()

    def answer(path: str) -> tuple[int, str, str]:
        with urllib.request.urlopen(f"{address}/{path}", timeout=30) as response:
            return response.status, response.headers.get("link", ""), response.headers["content-type"]

    status, link, _kind = answer("korean_stocks?ticker=005930")
    script = re.fullmatch(r"<(_stcore/bidi-components/[\w./-]+\.js)>; rel=modulepreload", link)
    assert status == 200
    assert script
    assert answer(script[1])[0] == 200
    assert "javascript" in answer(script[1])[2]
    assert answer("")[1] == answer("comparison")[1] == answer("_stcore/health")[1] == ""


def test_the_script_of_a_chart_is_fetched_once_and_before_the_chart_comes(
    app: Start, page: Page, own_server_db: MongoDatabase
) -> None:
    bars, _remarks = candles.clean(random_walk(pd.bdate_range("2024-01-02", periods=60), seed=1))
    prices.write(own_server_db, KOREAN_STOCKS, "005930", bars)
    tickers.register(own_server_db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자", "market": "KOSPI"}])
    asked: list[str] = []
    told: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "bidi-components" in request.url else None)
    page.on("console", lambda message: told.append(message.text))
    page.on("websocket", lambda _socket: asked.append("websocket"))
    page.goto(app() + "/korean_stocks")
    expect(page.locator("[data-testid=stMain] canvas").first).to_be_visible(timeout=60_000)
    page.wait_for_timeout(4_000)  # after which a browser complains of what was announced and not used

    assert [url.rpartition("/")[2].partition("-")[0] for url in asked] == ["index", "websocket"]
    assert not [text for text in told if "preload" in text]
