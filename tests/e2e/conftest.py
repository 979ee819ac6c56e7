"""A real browser before the real app. The tests share one of each, and each test has a database of its own."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import forked
from tests.processes import wait_until

PROJECT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",  # tabs of one visitor share what is compiled
]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SHARED_APP = """
import json, os, runpy, signal, sys
from pathlib import Path

environment = Path(sys.argv[1])


def take_over(*_):
    told = json.loads(environment.read_text())
    os.environ.update(told)
    for name in os.environ.keys() - told.keys():
        del os.environ[name]
    environment.unlink()


signal.signal(signal.SIGUSR1, take_over)
sys.argv = ["streamlit", "run", "Home.py"]
runpy.run_module("streamlit", run_name="__main__")
"""
"""`streamlit run Home.py`, which takes over another environment from a file when it gets a signal."""
VISITOR: dict[str, Any] = {
    "locale": "ko-KR",
    "timezone_id": "Asia/Seoul",
    "viewport": {"width": 1440, "height": 900},
}
Start = Callable[..., str]

expect.set_options(timeout=30_000)  # no test asserts how long the machine takes
Served = subprocess.Popen[bytes] | forked.Process


@pytest.fixture(scope="session")
def browser_flags() -> list[str]:
    """A test's page is gone before optimized code pays for its compilation."""
    return [*FLAGS, "--js-flags=--no-opt --no-maglev"]


@pytest.fixture(scope="session")
def browser_names() -> tuple[str, ...]:
    """The first that is there is used. Debian's Chromium that never has a window needs a fifth less of the machine."""
    return ("chromium-headless-shell", *CHROMIUM)


@pytest.fixture(scope="session")
def browser(browser_flags: list[str], browser_names: tuple[str, ...]) -> Iterator[Browser]:
    """Chromium without a window. Where there is none the test is skipped, but never in CI."""
    path = next(filter(None, map(shutil.which, browser_names)), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine, and CI must have one")
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=browser_flags)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def visits(browser: Browser) -> Iterator[BrowserContext]:
    """What the tabs of Korean visitors share, one after another: the scripts of the page, fetched and compiled once.

    A tab of the same site that stays open keeps the process alive that has them. A test that changes more than `page`
    puts back (routes, scripts, permissions) needs a context of its own.
    """
    context = browser.new_context(**VISITOR)
    keeper = context.new_page()
    keeper.route("**", lambda route: route.fulfill(body="", content_type="text/html"))
    keeper.goto("http://127.0.0.1/")
    yield context
    context.close()


@pytest.fixture
def page(visits: BrowserContext) -> Iterator[Page]:
    """A tab of a Korean visitor of whom the browser remembers nothing; fails the test if the page's scripts fail."""
    errors: list[str] = []
    origins: set[str] = set()

    def follow(tab: Page) -> None:
        tab.on("framenavigated", lambda frame: origins.add(urljoin(frame.url, "/")))

    visits.on("page", follow)
    tab = visits.new_page()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield tab
    finally:
        visits.remove_listener("page", follow)
        _forget(visits, origins)
    assert not errors, errors


def _forget(visits: BrowserContext, origins: set[str]) -> None:
    """Close all tabs but the first, and clear what pages of `origins` have stored."""
    for each in visits.pages[1:]:
        each.close()
    visits.set_offline(False)
    visits.clear_cookies()
    kinds = {"storageTypes": "local_storage,indexeddb,cache_storage,service_workers"}
    devtools = visits.new_cdp_session(visits.pages[0])
    for origin in origins:
        if origin.startswith("http"):
            devtools.send("Storage.clearDataForOrigin", {"origin": origin, **kinds})
    devtools.detach()


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(command)` runs a command that serves the app, and returns its address once it answers.

    A command is a list of words, or of the arguments of a Python that is forked. What it writes goes to the file `log`,
    if one is given; `more` are variables of its environment.
    """
    processes: list[Served] = []
    one_by_one = threading.Lock()

    def run(
        command: list[str], log: Path = Path(os.devnull), forks: bool = False, more: Mapping[str, str] | None = None
    ) -> str:
        with one_by_one:
            process, address = _serve(command, log, forks, more or {})
        processes.append(process)
        _wait_until_it_answers(address, process)
        return address

    yield run
    _end(processes)


@pytest.fixture
def own_app(start: Start) -> Start:
    """`own_app()` starts an app of the test's own, with the settings of this moment, and returns its address."""
    return lambda **options: start(["-m", "streamlit", "run", "Home.py"], forks=True, **options)


@pytest.fixture(scope="session")
def app_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """The app that the tests share: gives its address, after it has taken over this moment's environment."""
    environment = tmp_path_factory.mktemp("app") / "environment.json"
    running: list[tuple[Served, str]] = []

    def address() -> str:
        if not running:
            running.append(_serve(["-c", SHARED_APP, str(environment)], Path(os.devnull), forks=True))
            _wait_until_it_answers(running[0][1], running[0][0])
        process, address = running[0]
        environment.with_suffix(".part").write_text(json.dumps(_environment(address)))
        environment.with_suffix(".part").rename(environment)
        process.send_signal(signal.SIGUSR1)
        assert wait_until(lambda: not environment.exists()), "the app takes over the environment"
        return address

    yield address
    _end([process for process, _address in running])


@pytest.fixture
def app(app_of_all: Callable[[], str]) -> Callable[[], str]:
    """`app()` returns the address of an app with the settings of this moment: its database, its Yahoo, its directory.

    It is one process for all tests, as it is for all visitors. A test that is about the start of an app, or about what
    an app decides as it starts or remembers of its visitors, asks for `own_app`.
    """
    return app_of_all


@pytest.fixture
def own_address() -> str:
    """An address of this machine that is not loopback: who connects to it comes from it, as from the LAN."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks which of our addresses leads out
        except OSError:
            pytest.skip("this machine has no address but its own")
        own = str(probe.getsockname()[0])
    if own.startswith("127."):
        pytest.skip("this machine has no address but its own")
    return own


def _environment(address: str) -> dict[str, str]:
    return os.environ | {
        "STREAMLIT_SERVER_PORT": address.rpartition(":")[2],
        "STREAMLIT_SERVER_HEADLESS": "true",
        "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
    }


def _serve(
    command: list[str], log: Path, forks: bool, more: Mapping[str, str] = MappingProxyType({})
) -> tuple[Served, str]:
    address = f"http://127.0.0.1:{_free_port()}"
    env = _environment(address) | more
    with log.open("wb") as output:
        if forks:
            return forked.start(*command, stdout=output.fileno(), stderr=output.fileno(), env=env), address
        return subprocess.Popen(command, cwd=PROJECT, env=env, stdout=output, stderr=output), address


def _end(processes: list[Served]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(20)


def _wait_until_it_answers(address: str, process: Served) -> None:
    def has_ended_or_answers() -> bool:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return process.poll() is not None

    assert wait_until(has_ended_or_answers, 60), f"{address} did not answer within a minute"
    assert process.poll() is None, f"the app ended with code {process.returncode}"


def _free_port() -> int:
    """One that no connection is given by chance before the app listens there."""
    while True:
        with socket.socket() as attempt, suppress(OSError):
            port = random.randrange(15_000, 32_000)
            attempt.bind(("127.0.0.1", port))
            return port
