"""Who is an admin: the password, the tries, and what a connection must look like to come from this machine."""

import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from finance_core import auth

HERE = [("host", "localhost:8501")]
HOME = "192.168.0.7"


@given(st.text(), st.text(min_size=1))
@example("", "\x00")
@example("비밀", "비밀")
@example("\udce9", "\udce9")
def test_only_the_password_itself_is_right_and_only_its_proof_proves_it(typed: str, password: str) -> None:
    assert auth.is_right(typed, password) is (typed == password)
    assert auth.is_right(password, password)
    assert auth.is_proof(auth.proof(typed, HOME), password, HOME) is (typed == password)
    assert not auth.is_proof(password, password, HOME)
    assert not auth.is_proof(auth.proof(password, HOME), password, "192.168.0.8"), "nor from another address"


@given(st.text())
def test_nothing_is_right_for_an_empty_password(typed: str) -> None:
    assert not auth.is_right(typed, "")
    assert not auth.is_proof(auth.proof(typed, HOME), "", HOME)


@pytest.mark.parametrize("shown", [None, "", b"", 1, True, "é", "0" * 64])
def test_what_is_no_proof_proves_nothing(shown: object) -> None:
    assert not auth.is_proof(shown, "s3cret", HOME)


def test_a_proof_tells_nothing_of_the_password_and_holds_in_one_process_only(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = auth.proof("s3cret", HOME)
    assert "s3cret" not in shown
    assert len(shown) == len(auth.proof("s" * 1_000, HOME))
    monkeypatch.setattr(auth, "_key", b"of another process")
    assert not auth.is_proof(shown, "s3cret", HOME)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_an_address_may_try_five_times_a_minute_whichever_minute_it_is(clock: Clock) -> None:
    tries = auth.Tries(clock=clock)
    assert [tries.begin("192.168.0.7") for _ in range(7)] == [True] * 5 + [False] * 2
    assert tries.begin("192.168.0.8"), "another address is not held up"
    clock.now += 59.9
    assert not tries.begin("192.168.0.7")
    clock.now += 0.1
    assert [tries.begin("192.168.0.7") for _ in range(6)] == [True] * 5 + [False], "refused ones were not counted"


@given(st.lists(st.floats(0, 40), max_size=60))
def test_there_is_no_minute_with_more_than_five_tries(pauses: list[float]) -> None:
    clock = Clock()
    tries = auth.Tries(clock=clock)
    made = []
    for pause in pauses:
        clock.now += pause
        if tries.begin("10.0.0.1"):
            made.append(clock.now)
    assert all(later - earlier >= 60 for earlier, later in zip(made, made[5:], strict=False))


def test_one_host_is_one_address_however_it_is_written(clock: Clock) -> None:
    tries = auth.Tries(most=1, clock=clock)
    assert tries.begin("192.168.0.7")
    assert not tries.begin("::ffff:192.168.0.7")
    assert tries.begin("2001:db8::1")
    assert not tries.begin("2001:db8::2"), "a host has a whole /64"
    assert tries.begin("fe80::1%eth0")
    assert tries.begin(None)
    assert not tries.begin("no address at all")


def test_forged_addresses_fill_no_memory_and_buy_no_tries(clock: Clock) -> None:
    tries = auth.Tries(addresses=10, clock=clock)
    allowed = sum(tries.begin(f"10.0.{number // 250}.{number % 250}") for number in range(1_000))
    assert allowed == len(tries) == 10
    assert tries.begin("10.0.0.1"), "who is counted already goes on being counted"
    clock.now += 60
    assert tries.begin("10.9.9.9")
    assert len(tries) == 1


def test_threads_together_get_no_more_tries_than_one(clock: Clock) -> None:
    tries = auth.Tries(clock=clock)
    ready = threading.Barrier(8, timeout=10)
    allowed: list[bool] = []

    def hammer() -> None:
        ready.wait()
        allowed.extend([tries.begin("10.0.0.1") for _ in range(100)])

    threads = [threading.Thread(target=hammer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (allowed.count(True), len(allowed)) == (5, 800)


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.168.0.7", False),
        ("::ffff:192.168.0.7", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("nonsense", False),
        ("localhost", False),
        ("", False),
        (None, False),
    ],
)
def test_only_this_machine_is_local(address: str | None, local: bool) -> None:
    assert auth.is_loopback(address) is local
    assert auth.is_at_the_machine(address, HERE) is local


@pytest.mark.parametrize(
    "name",
    [
        "X-Forwarded-For",
        "x-forwarded-for",
        "X-FORWARDED-HOST",
        "X-Forwarded-Proto",
        "X-Forwarded-Server",
        "Forwarded",
        "X-Real-Ip",
        "Via",
        "CF-Connecting-IP",
        "True-Client-IP",
    ],
)
@pytest.mark.parametrize("value", ["127.0.0.1", "for=127.0.0.1", ""])
def test_what_came_through_a_proxy_is_not_from_this_machine_whatever_the_proxy_says(name: str, value: str) -> None:
    assert not auth.is_at_the_machine("127.0.0.1", [*HERE, (name, value)])
    assert not auth.is_at_the_machine("192.168.0.7", [*HERE, (name, value)])


@pytest.mark.parametrize(
    ("hosts", "own"),
    [
        (["localhost"], True),
        (["LOCALHOST:8501"], True),
        (["127.0.0.1:8501"], True),
        (["[::1]:8501"], True),
        (["prices.example.com"], False),
        (["localhost.example.com:8501"], False),
        (["127.0.0.1.example.com"], False),
        (["192.168.0.7:8501"], False),
        (["[nonsense"], False),
        ([""], False),
        ([], False),
        (["localhost", "example.com"], False),
    ],
)
def test_a_name_from_elsewhere_that_leads_here_is_not_from_this_machine(hosts: list[str], own: bool) -> None:
    assert auth.is_at_the_machine("127.0.0.1", [("Host", host) for host in hosts]) is own
    assert not auth.is_at_the_machine("192.168.0.7", [("Host", host) for host in hosts])


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        ("http://localhost:8501", True),
        ("HTTP://LOCALHOST:8501", True),
        ("http://localhost:28999", False),
        ("http://127.0.0.1:8501", False),
        ("http://localhost", False),
        ("https://example.com", False),
        ("null", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_a_page_of_another_origin_is_not_the_app(origin: str, own: bool) -> None:
    assert auth.is_at_the_machine("127.0.0.1", [*HERE, ("Origin", origin)]) is own
    assert auth.is_same_origin([*HERE, ("origin", origin)]) is own
