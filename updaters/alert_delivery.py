"""Finding alerts after an update, and sending them: by a webhook, by e-mail.

Every message names its alerts by an id (the header Idempotency-Key, Message-ID), and is sent at least once: a sender
that dies after sending and before noting it sends it again. Where an alert is sent to is a row of `SENDERS`.
"""

import datetime as dt
import hashlib
import itertools
import logging
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from curl_cffi import requests
from curl_cffi.requests.exceptions import RequestException
from pymongo.errors import PyMongoError

from finance_core import auth, categories, formats, settings
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


def after_update(db: MongoDatabase, category: Category, moment: dt.datetime) -> int:
    """Find the alerts of `category` at `moment` (tz-aware); returns how many are new. An error is only logged.

    An update is no worse for an alert that cannot be asked.
    """
    try:
        found = alerts.find(db, category, moment)
    except (SisepanError, PyMongoError) as error:
        _log.warning("%s: alerts were not all looked for: %s", category.key, error)
        return 0
    if found:
        _log.info("%s: %d new alerts", category.key, found)
    return found


def deliver(db: MongoDatabase, moment: dt.datetime) -> int:
    """Send what is waiting at `moment` (tz-aware); returns how many messages were sent. What fails waits again.

    Raises PyMongoError if the database fails.
    """
    now, sent = moment.astimezone(dt.UTC).replace(tzinfo=None), 0
    for channel in alerts.CHANNELS:
        claimed = alerts.claim(db, channel, now)
        by_message = itertools.groupby(claimed, key=lambda alert: (alert["rule"], alert["session"]))
        for (rule_id, _session), of_message in by_message:
            message = list(of_message)
            error = None
            rule: Any = db[ALERT_RULES].find_one({"_id": rule_id})
            try:
                if rule:  # else it was removed a moment ago
                    SENDERS[channel](rule, message, _names(db, message))
                    sent += 1
            except SisepanError as failure:
                error = failure
                _log.warning("alert %s by %s: %s", message[0]["name"], channel, failure)
            alerts.settle(db, channel, message, now, error)
    return sent


def send(db: MongoDatabase, moment: dt.datetime) -> None:
    """As `deliver`, but an error of the database is only logged: the alerts still wait."""
    try:
        deliver(db, moment)
    except PyMongoError as error:
        _log.warning("alerts were not sent: %s", error)


def text_of(message: Sequence[Alert], names: Mapping[str, str]) -> tuple[str, str]:
    """The title and the text of a message: alerts of one rule and session."""
    first = message[0]
    category = categories.category(first["category"])
    title = _("{name}: {count}종목 ({date})").format(
        name=first["name"], count=len(message), date=formats.date(first["session"])
    )
    lines = [" · ".join((_(category.title), first["condition"]))]
    for alert in message:
        price = formats.price(alert["close"], category.decimals_of(alert["close"]))
        name = names.get(alert["ticker"], alert["ticker"])
        lines.append(f"{name} ({alert['ticker']}) {price} {formats.signed_percent(alert['change'])}")
    return title, "\n".join(lines)


def _names(db: MongoDatabase, message: Sequence[Alert]) -> dict[str, str]:
    category = categories.category(message[0]["category"])
    rows = (tickers.get(db, category, alert["ticker"]) for alert in message)
    return {row["ticker"]: str(row.get("name") or row["ticker"]) for row in rows if row}


def _id(message: Sequence[Alert]) -> str:
    """The same for the same alerts, however often they are sent."""
    return hashlib.sha256("\n".join(alert["_id"] for alert in message).encode()).hexdigest()[:32]


def _post(rule: AlertRule, message: Sequence[Alert], names: Mapping[str, str]) -> None:
    """Post JSON; "text" and "content" are what chat programs show."""
    title, text = text_of(message, names)
    body = {
        "text": f"{title}\n{text}",
        "content": f"{title}\n{text}"[:2000],
        "alert": rule["name"],
        "category": rule["category"],
        "condition": rule["condition"],
        "session": formats.date(message[0]["session"]),
        "tickers": [
            {
                "ticker": alert["ticker"],
                "name": names.get(alert["ticker"], alert["ticker"]),
                "close": alert["close"],
                "change": alert["change"],
            }
            for alert in message
        ],
    }
    try:
        response = requests.post(
            rule["webhook"],
            json=body,
            headers={"Idempotency-Key": _id(message)},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except RequestException as error:
        raise SisepanError(N_("웹훅에 연결되지 않습니다({kind})."), kind=type(error).__name__) from error
    if not response.ok:
        raise SisepanError(N_("웹훅이 HTTP {status}로 답했습니다."), status=response.status_code)


def _mail(rule: AlertRule, message: Sequence[Alert], names: Mapping[str, str]) -> None:
    """Mail through the server of SMTP_URL (smtp://user:password@host:587, smtps:// for TLS from the start)."""
    try:
        server = urlsplit(settings.get("SMTP_URL"))
        host, port, user = server.hostname, server.port or PORTS.get(server.scheme, 0), unquote(server.username or "")
    except ValueError:
        host, port = None, 0
    if not host or not port:
        raise SisepanError(N_("SMTP_URL 설정이 없거나 smtp://사용자:암호@서버:587 꼴이 아닙니다."))
    title, text = text_of(message, names)
    mail = EmailMessage()
    mail["Subject"], mail["To"] = title, rule["email"]
    mail["From"] = settings.get("SMTP_FROM") or (user if "@" in user else rule["email"])
    mail["Message-ID"] = f"<{_id(message)}@sisepan>"
    mail.set_content(text + "\n")
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
    except (smtplib.SMTPException, OSError, ValueError) as error:  # the last: letters that mail cannot carry
        # Not the server's own words: they may hold the address or the password.
        raise SisepanError(N_("전자우편을 보내지 못했습니다({kind})."), kind=type(error).__name__) from error


SENDERS: Final[dict[Channel, Callable[[AlertRule, Sequence[Alert], Mapping[str, str]], None]]] = {
    "webhook": _post,
    "email": _mail,
}
