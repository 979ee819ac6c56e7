"""Finds alerts after an update run, and sends them by webhook or e-mail.

Every message has an id of its alerts (in the header Idempotency-Key or Message-ID) and is sent at least once: if the
process dies after sending and before recording it, the message is sent again. Each channel is a row of `SENDERS`.
"""

import datetime as dt
import hashlib
import logging
import smtplib
import ssl
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from curl_cffi import requests
from curl_cffi.requests.exceptions import RequestException
from pymongo.errors import PyMongoError

from finance_core import auth, categories, formats, i18n, settings
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_, _
from finance_core.storage import alerts, tickers
from finance_core.storage.alerts import Channel
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import ALERT_RULES
from finance_core.storage.user_documents import Alert, AlertRule

TIMEOUT: Final = 10.0
"""Seconds that a receiver may take."""
PORTS: Final = {"smtp": 587, "smtps": 465}

_log = logging.getLogger(__name__)


class Message(NamedTuple):
    """One message: the alerts of one rule and one session, or a test."""

    rule: AlertRule
    key: str
    """The id of the message: equal for the same alerts, however often they are sent; unique for each test."""
    title: str
    text: str
    session: str = ""
    """The day of the session; "" for a test."""
    tickers: Sequence[Mapping[str, object]] = ()


def after_update(db: MongoDatabase, category: Category, moment: dt.datetime) -> int:
    """Find the alerts of `category` at `moment` (tz-aware); returns how many are new.

    An error is only logged: it must not fail the update run.
    """
    try:
        count = alerts.find(db, category, moment)
    except (SisepanError, PyMongoError) as error:
        _log.warning("%s: alerts were not all looked for: %s", category.key, error)
        return 0
    if count:
        _log.info("%s: %d new alerts", category.key, count)
    return count


def deliver(db: MongoDatabase, moment: dt.datetime, seconds: Callable[[], float] = time.monotonic) -> int:
    """Send the messages that are waiting at `moment` (tz-aware); returns how many were sent. Failed ones wait again.

    Each message is claimed, sent and settled before the next one, so that no claim waits for slow receivers. `seconds`
    is a clock that measures how long this takes. Raises PyMongoError if the database fails.
    """
    due, begun, sent = tickers.utc(moment), seconds(), 0

    def now() -> dt.datetime:
        return due + dt.timedelta(seconds=seconds() - begun)

    for channel in alerts.CHANNELS:
        while claimed := alerts.claim(db, channel, due, now()):
            rule: Any = db[ALERT_RULES].find_one({"_id": claimed[0]["rule"]})
            if not rule:  # its removal has not come, or did not come, to its alerts
                alerts.remove(db, claimed[0]["rule"])
                continue
            # Not in the language of who started this run: a message that is sent again must be the same.
            with i18n.in_language(rule.get("language", i18n.language())):
                message = message_of(rule, claimed, _names(db, claimed))
            error = _attempt(channel, message)
            sent += error is None
            alerts.settle(db, channel, claimed, now(), error)
    return sent


def send(db: MongoDatabase, moment: dt.datetime) -> None:
    """Call `deliver`, but only log an error of the database: the alerts stay waiting."""
    try:
        deliver(db, moment)
    except PyMongoError as error:
        _log.warning("alerts were not sent: %s", error)


def send_test(rule: AlertRule) -> dict[Channel, SisepanError | None]:
    """Send a test message through each channel of `rule`; returns the error or None by channel. Stores nothing."""
    title = _("[시험] {name}").format(name=rule["name"])
    text = "\n".join((_of_what(rule), _("시험 메시지입니다. 알림이 오면 이 자리에 종목이 적힙니다.")))
    message = Message(rule, uuid.uuid4().hex, title, text)
    return {channel: _attempt(channel, message) for channel in alerts.CHANNELS if rule[channel]}


def message_of(rule: AlertRule, of_session: Sequence[Alert], names: Mapping[str, str]) -> Message:
    """The message for the alerts of `rule` in one session; `names` has the names of tickers by ticker."""
    category, session = categories.category(rule["category"]), formats.date(of_session[0]["session"])
    title = _("{name}: {count}종목 ({date})").format(name=rule["name"], count=len(of_session), date=session)
    rows: list[dict[str, Any]] = [
        {
            "ticker": alert["ticker"],
            "name": names.get(alert["ticker"], alert["ticker"]),
            "close": alert["close"],
            "change": alert["change"],
        }
        for alert in of_session
    ]
    lines = [_of_what(rule)]
    for row in rows:
        price = formats.price(row["close"], category.decimals_of(row["close"]))
        lines.append(f"{row['name']} ({row['ticker']}) {price} {formats.signed_percent(row['change'])}")
    key = hashlib.sha256("\n".join(alert["_id"] for alert in of_session).encode()).hexdigest()[:32]
    return Message(rule, key, title, "\n".join(lines), session, rows)


def _of_what(rule: AlertRule) -> str:
    return " · ".join((_(categories.category(rule["category"]).title), rule["condition"]))


def _names(db: MongoDatabase, of_rule: Sequence[Alert]) -> dict[str, str]:
    category = categories.category(of_rule[0]["category"])
    rows = (tickers.get(db, category, alert["ticker"]) for alert in of_rule)
    return {row["ticker"]: str(row.get("name") or row["ticker"]) for row in rows if row}


def _attempt(channel: Channel, message: Message) -> SisepanError | None:
    """Send `message`; returns the error if it was not sent."""
    try:
        SENDERS[channel](message)
    except SisepanError as failure:
        _log.warning("alert %s by %s: %s", message.rule["name"], channel, failure)
        return failure
    except Exception as defect:  # noqa: BLE001 - else this one alert would end every run, and no other would be sent
        _log.exception("alert %s by %s", message.rule["name"], channel)
        return SisepanError(N_("알림을 보내지 못했습니다({kind})."), kind=type(defect).__name__)
    return None


def _post(message: Message) -> None:
    """Post JSON to the webhook; chat programs show its "text" or "content"."""
    rule, whole = message.rule, f"{message.title}\n{message.text}"
    body = {
        "text": whole,
        "content": whole[:2000],
        "alert": rule["name"],
        "category": rule["category"],
        "condition": rule["condition"],
        "session": message.session or None,
        "tickers": message.tickers,
        "test": not message.session,
    }
    try:
        response = requests.post(
            rule["webhook"],
            json=body,
            headers={"Idempotency-Key": message.key},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except RequestException as error:
        raise SisepanError(N_("웹훅에 연결되지 않습니다({kind})."), kind=type(error).__name__) from error
    if not HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:  # `ok` counts a redirect too
        raise SisepanError(N_("웹훅이 HTTP {status}(으)로 답했습니다."), status=response.status_code)


def _mail(message: Message) -> None:
    """Mail through the server of SMTP_URL (smtp://user:password@host:587, smtps:// for TLS from the start)."""
    try:
        server = urlsplit(settings.get("SMTP_URL"))
        host, port, user = server.hostname, server.port or PORTS.get(server.scheme, 0), unquote(server.username or "")
    except ValueError:
        host, port = None, 0
    if not host or not port:
        raise SisepanError(N_("SMTP_URL 설정이 없거나 smtp://사용자:암호@서버:587 꼴이 아닙니다."))
    mail, to = EmailMessage(), message.rule["email"]
    mail["Subject"], mail["To"] = message.title, to
    mail["From"] = settings.get("SMTP_FROM") or (user if "@" in user else to)
    mail["Message-ID"] = f"<{message.key}@sisepan>"
    mail.set_content(message.text + "\n")
    connect: Callable[..., smtplib.SMTP] = smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
    try:
        with connect(host, port, timeout=TIMEOUT) as smtp:
            smtp.ehlo()
            is_private = server.scheme == "smtps" or host == "localhost" or auth.is_loopback(host)
            if server.scheme == "smtp" and smtp.has_extn("starttls"):
                smtp.starttls(context=ssl.create_default_context())
                is_private = True
            if user and not is_private:
                raise SisepanError(
                    N_("전자우편 서버가 암호화를 하지 않아 암호를 보내지 않았습니다. smtps://를 쓰십시오.")
                )
            if user:
                smtp.login(user, unquote(server.password or ""))
            smtp.send_message(mail)
    except (smtplib.SMTPException, OSError, ValueError) as error:  # ValueError: characters that mail cannot have
        # Without the server's own message, which may contain the address or the password.
        raise SisepanError(N_("전자우편을 보내지 못했습니다({kind})."), kind=type(error).__name__) from error


SENDERS: Final[dict[Channel, Callable[[Message], None]]] = {
    "webhook": _post,
    "email": _mail,
}
