"""Alerts: conditions that are checked on each finished session, and the tickers for which they held.

Rule, session and ticker identify an alert. So a second check, after a killed run or beside another run, finds the same
alert and makes no new one. Sessions before the last checked one are checked again, because bars may come late or be
corrected: then an alert gets the new close, or is withdrawn. `updaters.alert_delivery` sends alerts.
"""

import datetime as dt
import math
import re
import uuid
from collections.abc import Iterable, Sequence
from email.message import EmailMessage
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import numpy as np
from bson import ObjectId
from pymongo import UpdateOne

from finance_core import i18n, ticker_fields
from finance_core.bars import breadth, conditions, screen, sessions
from finance_core.bars.condition_tree import Node
from finance_core.bars.panel import Days, Panel
from finance_core.categories import Category
from finance_core.errors import SisepanError
from finance_core.i18n import N_
from finance_core.storage import category_state, locations, screens, tickers, trading_calendars
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import ALERT_RULES, ALERTS
from finance_core.storage.user_documents import Alert, AlertRule, Delivery

Channel = Literal["webhook", "email"]
CHANNELS: Final[tuple[Channel, ...]] = ("webhook", "email")
MOST_RULES: Final = 50
OVERLAP: Final = dt.timedelta(days=14)
"""Sessions within this time before the last checked session are checked again."""
LONGEST_PAUSE: Final = dt.timedelta(days=90)
"""Sessions that lie more than this before the newest bar are not checked any more."""
RESTATED: Final = 1e-3
"""How far a change, as a ratio, may lie from what it was, where Yahoo has rounded restated prices."""
CLAIMED_FOR: Final = dt.timedelta(minutes=5)
"""After this time another sender may take over claimed alerts, because their sender must have died."""
AGAIN_AFTER: Final = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
"""The pause after each failed attempt; an alert is given up if one more attempt fails."""
_FINALITY: Final = ("market", "source", "updated_at", "last_status")
"""The fields of a row that tell which bars of its ticker are final."""


def rules(db: MongoDatabase, category: Category | None = None) -> list[AlertRule]:
    """The rules of a category, or all, in the order in which they were made."""
    stored: list[Any] = db[ALERT_RULES].find({"category": category.key} if category else {}).sort("_id").to_list()
    return stored


def add(
    db: MongoDatabase,
    category: Category,
    name: str,
    condition: str,
    *,
    of: Sequence[str] = (),
    webhook: str = "",
    email: str = "",
) -> ObjectId:
    """Store a rule for the tickers `of`, or for all, and return its id. Only sessions after the newest bar are checked.

    Raises SisepanError if a value cannot be used, Mistake if the condition has a mistake.
    """
    conditions.parse(condition)
    if len(rules(db)) >= MOST_RULES:
        raise SisepanError(N_("알림은 {limit}개까지 만듭니다. 쓰지 않는 것을 지우십시오."), limit=MOST_RULES)
    if (location := locations.of(db, category)).read_only:
        sentence = N_(
            "시세를 사용자의 {collection} 컬렉션에서 읽기만 하는 카테고리에는 업데이트가 없고, 알림은 업데이트 뒤에만 "
            "묻습니다. 종목 찾기에서는 같은 조건으로 찾을 수 있습니다."
        )
        raise SisepanError(sentence, collection=location.collection)
    if unknown := [ticker for ticker in of if not tickers.get(db, category, ticker)]:
        raise SisepanError(N_("목록에 없는 종목입니다: {tickers}"), tickers=", ".join(unknown)[:80])
    if webhook and not _is_web_address(webhook):
        raise SisepanError(N_("웹훅 주소는 https://나 http://로 시작합니다."))
    if email and not _are_mail_addresses(email):
        raise SisepanError(N_("전자우편 주소가 아닙니다: {email}"), email=email[:80])
    rule = AlertRule(
        _id=ObjectId(),
        name=ticker_fields.clean_name(name),
        category=category.key,
        tickers=list(dict.fromkeys(of)),
        condition=condition,
        webhook=webhook,
        email=email,
        since=category_state.newest_bar(db, category, real=True) or dt.datetime(1970, 1, 1),
        language=i18n.language(),
    )
    db[ALERT_RULES].insert_one(dict(rule))
    return rule["_id"]


def remove(db: MongoDatabase, rule: ObjectId) -> None:
    """Delete a rule; its alerts stay, but those that wait are not sent any more, and keep why they were not before."""
    db[ALERT_RULES].delete_one({"_id": rule})
    for state in (f"deliveries.{channel}.state" for channel in CHANNELS):
        db[ALERTS].update_many({"rule": rule, state: "waiting"}, {"$set": {state: "dropped"}})


def find(db: MongoDatabase, category: Category, moment: dt.datetime) -> int:
    """Check the rules of `category` on the sessions finished at `moment` (tz-aware); returns the number of new alerts.

    A ticker is checked on a session once it has its final bar of it. If a rule can no longer be checked, SisepanError
    is raised with its name, after the other rules were checked.
    """
    failed: SisepanError | None = None
    new_alerts = 0
    if not (made := rules(db, category)):
        return 0
    final = _Final(db, category, moment)
    for rule in made:
        try:
            new_alerts += _ask(db, category, rule, final)
        except SisepanError as error:
            failed = SisepanError(N_("알림 '{name}': {error}"), name=rule["name"], error=error)
    if failed:
        raise failed
    return new_alerts


def recent(
    db: MongoDatabase,
    since: dt.datetime,
    ticker: tuple[str, str] | None = None,
    limit: int = 100,
    *,
    withdrawn: bool = False,
) -> list[Alert]:
    """The alerts of the sessions from `since` on, the newest first; with `ticker` (category, ticker), its alerts.

    The withdrawn ones are among them only if `withdrawn`.
    """
    query: dict[str, object] = {"session": {"$gte": since}}
    if not withdrawn:
        query["withdrawn_at"] = {"$exists": False}
    if ticker:
        query |= {"category": ticker[0], "ticker": ticker[1]}
    alerts: list[Any] = db[ALERTS].find(query).sort([("session", -1), ("_id", 1)]).limit(limit).to_list()
    return alerts


def is_waiting(db: MongoDatabase, now: dt.datetime) -> bool:
    """Whether an alert can be sent at `now` (UTC, tz-naive)."""
    return db[ALERTS].find_one({"$or": [_waiting(channel, now) for channel in CHANNELS]}, {"_id": True}) is not None


def claim(db: MongoDatabase, channel: Channel, due: dt.datetime, now: dt.datetime) -> list[Alert]:
    """Claim the alerts of one rule and session that can be sent through `channel` at `due`; none if no alert waits.

    From `now` on, no other sender gets these alerts for `CLAIMED_FOR`. Both moments are in UTC, tz-naive.
    """
    field = f"deliveries.{channel}"
    while first := db[ALERTS].find_one(_waiting(channel, due), sort=[(f"{field}.next_at", 1), ("_id", 1)]):
        mark = uuid.uuid4().hex
        of_message = {**_waiting(channel, due), "rule": first["rule"], "session": first["session"]}
        change = {"$set": {f"{field}.claim": mark, f"{field}.next_at": now + CLAIMED_FOR}}
        db[ALERTS].update_many(of_message, change)
        claimed: list[Any] = (
            db[ALERTS].find({f"{field}.claim": mark, f"{field}.state": "waiting"}).sort("_id").to_list()
        )
        if claimed:  # else another sender was faster
            return claimed
    return []


def settle(
    db: MongoDatabase, channel: Channel, alerts: Iterable[Alert], now: dt.datetime, error: SisepanError | None
) -> None:
    """Record that claimed alerts were sent at `now`, or the `error`: they are tried again later, at last given up."""
    field = f"deliveries.{channel}"
    # What was dropped while it was being sent may be recorded as sent, but is not to be tried again.
    still: dict[str, object] = {f"{field}.state": "waiting"} if error else {}
    for alert in alerts:
        before = alert["deliveries"][channel]
        attempts = before["attempts"] + 1
        after = Delivery(state="sent", attempts=attempts, next_at=now)
        if error:
            is_last = attempts > len(AGAIN_AFTER)
            next_at = now if is_last else now + AGAIN_AFTER[attempts - 1]
            after = Delivery(
                state="failed" if is_last else "waiting",
                attempts=attempts,
                next_at=next_at,
                error=error.as_document(),  # type: ignore[typeddict-item]
            )
        # Only if the claim is still ours: another sender may have taken over.
        db[ALERTS].update_one(
            {"_id": alert["_id"], f"{field}.claim": before.get("claim"), **still}, {"$set": {field: dict(after)}}
        )


def _waiting(channel: Channel, now: dt.datetime) -> dict[str, object]:
    field = f"deliveries.{channel}"
    return {f"{field}.state": "waiting", f"{field}.next_at": {"$lte": now}, "withdrawn_at": {"$exists": False}}


def _ask(db: MongoDatabase, category: Category, rule: AlertRule, final: "_Final") -> int:
    tree = conditions.parse(rule["condition"])
    newest = category_state.newest_bar(db, category, real=True)
    if newest is None:
        return 0
    asked = rule.get("asked_until", rule["since"])
    earliest = max(rule["since"], asked - OVERLAP, newest - LONGEST_PAUSE)
    panel = screens.panel_for(db, category, tree, earliest.date())  # with all bars that the earliest session needs
    days = panel.sessions[panel.sessions > np.datetime64(earliest, "D")]
    days = days[days <= np.datetime64(newest, "D")]  # samples may be newer
    alerts = [alert for day in days for alert in _held(rule, tree, panel.as_of(day), final)]
    new_alerts = 0
    if alerts:
        for keys in (["session"], ["category", "ticker", "session"]):
            db[ALERTS].create_index(keys)
        new_alerts = db[ALERTS].bulk_write(list(map(_kept, alerts)), ordered=False).upserted_count
    _withdraw(db, rule, alerts, panel, days, final)
    finished = [day for day in days if final.is_finished(day)]
    if finished:
        last = dt.datetime.combine(finished[-1].item(), dt.time())
        db[ALERT_RULES].update_one({"_id": rule["_id"]}, {"$set": {"asked_until": last}})
    return new_alerts


def _kept(alert: Alert) -> UpdateOne:
    """The write that stores an alert, or gives the stored one the close and change that the bars have by now."""
    present: dict[str, object] = {name: alert[name] for name in ("close", "change")}
    others = {name: value for name, value in alert.items() if name not in present}
    change = {"$set": present, "$unset": {"withdrawn_at": ""}, "$setOnInsert": others}
    return UpdateOne({"_id": alert["_id"]}, change, upsert=True)


def _withdraw(
    db: MongoDatabase,
    rule: AlertRule,
    alerts: Sequence[Alert],
    panel: Panel,
    days: Days,
    final: "_Final",
) -> None:
    """Withdraw the stored alerts of the sessions `days` that no bar bears out any more: they are not sent.

    They are not among the `alerts` that hold now, and the change of that session is another. After a split all prices
    are others, but the change is the same but for rounding.
    """
    of_days = {"rule": rule["_id"], "session": {"$in": days.astype("datetime64[us]").tolist()}}
    others = {"_id": {"$nin": [alert["_id"] for alert in alerts]}, "withdrawn_at": {"$exists": False}}
    wrong = []
    for alert in db[ALERTS].find({**of_days, **others, "ticker": {"$in": list(panel.tickers)}}):
        day, ticker = np.datetime64(alert["session"].date()), alert["ticker"]
        own = panel.only(np.array(panel.tickers) == ticker).as_of(day)
        changes = screen.screen(own, conditions.parse("close > 0")).columns["change1"]
        is_known = len(changes) and alert["change"] is not None and final.is_final(ticker, day)
        if is_known and not math.isclose(changes[0], alert["change"], abs_tol=RESTATED):
            wrong.append(alert["_id"])
    if wrong:
        db[ALERTS].update_many({"_id": {"$in": wrong}}, {"$set": {"withdrawn_at": final.moment}})


class _Final:
    """Which bars are final at a moment (tz-aware)."""

    def __init__(self, db: MongoDatabase, category: Category, moment: dt.datetime) -> None:
        self.moment = tickers.utc(moment)
        self._category = category
        self._rows = {row["ticker"]: row for row in tickers.active(db, category, _FINALITY)}
        self._calendars = {market.key: trading_calendars.of(db, market.calendar) for market in category.markets}
        self._finished = {
            key: np.datetime64(sessions.last_finished(calendar, moment), "D")
            for key, calendar in self._calendars.items()
        }

    def is_finished(self, day: np.datetime64) -> bool:
        """Whether the session of `day` has ended in every market."""
        return all(day <= last for last in self._finished.values())

    def is_final(self, ticker: str, day: "np.datetime64[dt.date]") -> bool:
        """Whether the bar of `day` of a ticker was fetched so long after the close that it does not change any more."""
        row = self._rows.get(ticker)
        market = self._category.market(row.get("market", "")).key if row else ""
        if row is None or day > self._finished[market]:
            return False
        fetched, close = row.get("updated_at"), sessions.close_of(self._calendars[market], day.item())
        if row.get("source") != "yahoo" or not fetched or not close:
            return True
        # After a failure, `updated_at` is when it was asked for in vain: the bar may still be the one of before.
        return row.get("last_status", "ok") == "ok" and fetched >= close + sessions.SETTLING


def _held(rule: AlertRule, tree: Node, panel: Panel, final: _Final) -> list[Alert]:
    """The alerts of the last session of `panel`, for the tickers whose bar of that session is final."""
    day = panel.sessions[-1]
    result = screen.screen(panel, tree)
    has_bar = dict(zip(panel.tickers, breadth.traded(panel).tolist(), strict=True))
    deliveries = {
        channel: dict(Delivery(state="waiting", attempts=0, next_at=final.moment))
        for channel in CHANNELS
        if rule[channel]
    }
    closes, changes = result.columns["close"], result.columns["change1"]
    return [
        Alert(
            _id=f"{rule['_id']}/{day}/{ticker}",
            rule=rule["_id"],
            name=rule["name"],
            category=rule["category"],
            condition=rule["condition"],
            ticker=ticker,
            session=dt.datetime.combine(day.item(), dt.time()),
            close=float(close),
            change=None if math.isnan(change) else float(change),
            found_at=final.moment,
            deliveries=deliveries,  # type: ignore[typeddict-item]
        )
        for ticker, close, change in zip(result.tickers, closes, changes, strict=True)
        if has_bar[ticker] and final.is_final(ticker, day) and (not rule["tickers"] or ticker in rule["tickers"])
    ]


def _are_mail_addresses(text: str) -> bool:
    """Whether `text` are addresses with commas between them, that a mail can have as well.

    >>> _are_mail_addresses("kim@example.com,lee@example.com"), _are_mail_addresses("kim@[example.com")
    (True, False)
    """
    parts = text.split(",")
    mail = EmailMessage()
    try:
        mail["To"] = text
        count = len(mail["To"].addresses)
    except Exception:  # noqa: BLE001 - `email` fails on some texts with whatever error its parser runs into
        return False
    return count == len(parts) and all(re.fullmatch(r"[^@\s]+@[^@\s]+", each) for each in parts)


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
