"""Who is an admin: a visitor who knows ADMIN_PASSWORD or, if no password is set, a visitor at this machine itself."""

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

MOST_TRIES, TRIES_WITHIN = 5, 60.0
"""One address may try a password `MOST_TRIES` times within `TRIES_WITHIN` seconds."""
MOST_ADDRESSES = 256
"""Most addresses that are counted at a time: forged addresses neither fill the memory nor add up to many tries."""

_FORWARDING = {"forwarded", "via", "x-real-ip", "x-client-ip", "cf-connecting-ip", "true-client-ip"}
_FORWARDING_PREFIX = "x-forwarded-"

_key = secrets.token_bytes(32)
"""Only this process knows the key. So a proof does not reveal the password, and nobody can forge a proof."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def proof(password: str, address: str | None) -> str:
    """A token for a visitor who entered `password` from `address`; valid in this process until the password changes.

    An attacker who steals the session id cannot use the token from another address.
    """
    known_there = f"{parse(address)} {password}".encode("utf-8", "surrogatepass")
    return hmac.new(_key, known_there, hashlib.sha256).hexdigest()


def is_proof(shown: object, password: str, address: str | None) -> bool:
    """Whether `shown` is the proof of `password` at `address`; an empty password has no proof."""
    if not password or not isinstance(shown, str):
        return False
    return hmac.compare_digest(shown.encode("utf-8", "surrogatepass"), proof(password, address).encode())


def is_right(typed: str, password: str) -> bool:
    """Whether `typed` is `password`, compared in constant time. False if `password` is empty."""
    return is_proof(proof(typed, None), password, None)


def is_at_the_machine(peer: str | None, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a connection from the address `peer` with these request headers was opened at this machine itself.

    The address alone is not enough. A reverse proxy on this machine connects for anybody, but adds forwarding headers.
    A foreign web page can let its own name resolve to 127.0.0.1 (DNS rebinding), but the browser sends that name as
    host. A page on another port of this machine also connects from here, but the browser sends its origin.
    """
    sent = [(name.lower(), value) for name, value in headers]
    if any(name in _FORWARDING or name.startswith(_FORWARDING_PREFIX) for name, _value in sent):
        return False
    hosts = [value for name, value in sent if name == "host"]
    return is_loopback(peer) and len(hosts) == 1 and _is_own_name(hosts[0]) and is_same_origin(sent)


def is_same_origin(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a request comes from a page of the app itself, as far as these headers (names in lower case) tell.

    A browser sends the origin of the page with every websocket; a program need not send one.
    """
    values = {name: value.lower() for name, value in headers}
    try:
        return "origin" not in values or urlsplit(values["origin"]).netloc == values.get("host")
    except ValueError:
        return False


def is_loopback(address: str | None) -> bool:
    """Whether an address is this machine's own; an unknown address (of a closed connection) is not."""
    parsed = parse(address)
    return parsed is not None and parsed.is_loopback


def parse(address: str | None) -> Address | None:
    """`address` parsed; None if it is not an address. The form of IPv6 sockets, ::ffff:127.0.0.1, becomes 127.0.0.1."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


@dataclass
class Tries:
    """Counts password tries by address, for all threads: at most `most` within `TRIES_WITHIN` seconds of `clock`.

    An IPv6 /64 counts as one address, because one home usually has the whole /64. While `addresses` addresses are
    counted, a new address must wait.
    """

    most: int = MOST_TRIES
    addresses: int = MOST_ADDRESSES
    clock: Callable[[], float] = time.monotonic
    _made: dict[object, deque[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        """Number of addresses that are counted."""
        return len(self._made)

    def begin(self, address: str | None) -> bool:
        """Whether `address` may try now; if so, the try is counted."""
        counted = _counted_as(address)
        with self._lock:
            now = self.clock()
            self._made = {key: times for key, times in self._made.items() if now - times[-1] < TRIES_WITHIN}
            if counted not in self._made and len(self._made) >= self.addresses:
                return False
            made = self._made.setdefault(counted, deque(maxlen=self.most))
            if len(made) == self.most and now - made[0] < TRIES_WITHIN:
                return False
            made.append(now)
            return True


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
