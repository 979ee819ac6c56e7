"""A real browser before the real app, each on ports and data of its own."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Start = Callable[..., str]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window. Where there is none the test is skipped, but never in CI."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine, and CI must have one")
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of a Korean visitor, which fails the test if the page's own scripts fail."""
    context = browser.new_context(locale="ko-KR", timezone_id="Asia/Seoul", viewport={"width": 1440, "height": 900})
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert not errors, errors


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(command)` runs a command that serves the app, and returns its address once it answers.

    What it writes goes to the file `log`, if one is given.
    """
    processes: list[subprocess.Popen[bytes]] = []

    def run(command: list[str], cwd: Path = PROJECT, log: Path | None = None) -> str:
        port = _free_port()
        env = os.environ | {
            "STREAMLIT_SERVER_PORT": str(port),
            "STREAMLIT_SERVER_HEADLESS": "true",
            "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
        }
        with log.open("wb") if log else Path(os.devnull).open("wb") as output:
            process = subprocess.Popen(command, cwd=cwd, env=env, stdout=output, stderr=output)
        processes.append(process)
        address = f"http://127.0.0.1:{port}"
        _wait_until_it_answers(f"{address}/_stcore/health", process)
        return address

    yield run
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(20)


@pytest.fixture
def app(start: Start) -> Start:
    """`app()` starts the app as a person does and returns its address."""
    return lambda **options: start([str(Path(sys.executable).parent / "streamlit"), "run", "Home.py"], **options)


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


def _wait_until_it_answers(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the app ended with code {process.returncode}"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(f"{address} did not answer within a minute")


def _free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])
