"""Who may change anything: whoever knows ADMIN_PASSWORD or, where there is none, whoever sits at the machine itself.

Pure logic: what a visitor's connection looks like is told by `finance_core.ui.page`.
"""

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

MOST_TRIES, TRIES_WITHIN = 5, 60.0
"""How often one address may try a password within how many seconds."""
MOST_ADDRESSES = 256
"""How many addresses may try at a time, so that neither memory nor all tries together grow with forged addresses."""

_FORWARDING = {"forwarded", "via", "x-real-ip", "x-client-ip", "cf-connecting-ip", "true-client-ip"}
_FORWARDING_PREFIX = "x-forwarded-"

_key = secrets.token_bytes(32)
"""Known to this process alone, so that a proof neither tells the password nor can be made up."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def proof(password: str) -> str:
    """What shows that somebody knew `password`: worthless without it, in another process, or once it was changed."""
    return hmac.new(_key, password.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def is_proof(shown: object, password: str) -> bool:
    """Whether `shown` is the proof of `password`. There is none of an empty password."""
    return bool(password) and isinstance(shown, str) and _same(shown, proof(password))


def is_right(typed: str, password: str) -> bool:
    """Whether `typed` is `password`, in a time that tells nothing of either. No text is right for an empty password."""
    return bool(password) and _same(proof(typed), proof(password))


def is_at_the_machine(peer: str | None, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a connection from the address `peer` with these request headers was opened at this very machine.

    Everything must speak for it. The address alone is not enough: a reverse proxy connects from this machine on behalf
    of anybody, and a web page from elsewhere can have its own name resolved to 127.0.0.1 (DNS rebinding), for which the
    browser sends that name as the host.
    """
    sent = [(name.lower(), value) for name, value in headers]
    if any(name in _FORWARDING or name.startswith(_FORWARDING_PREFIX) for name, _value in sent):
        return False
    hosts = [value for name, value in sent if name == "host"]
    return is_loopback(peer) and len(hosts) == 1 and _is_own_name(hosts[0])


def is_loopback(address: str | None) -> bool:
    """Whether an address is this machine's own. An unknown one is not: a closed connection has none."""
    parsed = parse(address)
    return parsed is not None and parsed.is_loopback


def parse(address: str | None) -> Address | None:
    """The address as which a connection is told, None where it is none.

    A server that listens on IPv6 is told 127.0.0.1 as ::ffff:127.0.0.1.
    """
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


class Tries:
    """Counts tries by address, for all threads: at most `most` within `within` seconds of `clock`.

    One home or host usually has a whole /64 of IPv6, so that counts as one address. While `addresses` others are
    counted, a further one must wait as well.
    """

    def __init__(
        self,
        most: int = MOST_TRIES,
        within: float = TRIES_WITHIN,
        addresses: int = MOST_ADDRESSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._within = within
        self._addresses = addresses
        self._clock = clock
        self._lock = threading.Lock()
        self._made: dict[object, deque[float]] = {}

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._made)

    def begin(self, address: str | None) -> bool:
        """Whether a try may be made from `address` now, which is then counted. A refused one is not."""
        counted = _counted_as(address)
        with self._lock:
            now = self._clock()
            if counted not in self._made and len(self._made) >= self._addresses:
                self._forget(now)
                if len(self._made) >= self._addresses:
                    return False
            made = self._made.setdefault(counted, deque(maxlen=self._most))
            if len(made) == self._most and now - made[0] < self._within:
                return False
            made.append(now)
            return True

    def _forget(self, now: float) -> None:
        """Drop the addresses whose last try no longer counts."""
        self._made = {address: made for address, made in self._made.items() if now - made[-1] < self._within}


def _counted_as(address: str | None) -> object:
    parsed = parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return ipaddress.IPv6Network((parsed, 64), strict=False)
    return parsed


def _is_own_name(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name == "localhost" or is_loopback(name)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
