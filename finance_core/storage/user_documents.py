"""The schema of what people make: drawings, sets, lists, saved screens, alerts. Continues `documents`."""

import datetime as dt
from typing import Literal, NotRequired, TypedDict

from bson import ObjectId

from finance_core.i18n import Language
from finance_core.storage.documents import Error


class DrawingEntry(TypedDict):
    """One drawing on a chart (see `bars.drawings`)."""

    id: str
    kind: Literal["trend", "level", "text"]
    days: list[dt.datetime]  # of its points
    prices: list[float]  # of its points, with the splits until `drawn`
    drawn: dt.datetime  # the day of the last bar when it was drawn
    text: str  # "" unless it is a text


class DrawingsOfTicker(TypedDict):
    """The drawings on the chart of a ticker (`chart_drawings`). Written by `drawings`."""

    _id: str  # `category:ticker`
    drawings: list[DrawingEntry]


class ComparisonSet(TypedDict):
    """A saved comparison (an entry of `settings`/`comparison_sets`). Written by `named_values`, like the next."""

    name: str
    series: list[str]  # `category:ticker`, in order


class WatchlistEntry(TypedDict):
    """A ticker on a list."""

    category: str
    ticker: str
    note: NotRequired[str]


class WatchlistDocument(TypedDict):
    """A list of tickers (`watchlists`). Written by `watchlists`."""

    _id: str  # "favourites": the order and notes of the tickers with a star; else a random key, which sorts by time
    name: NotRequired[str]
    shared: NotRequired[bool]  # with every visitor; absent: True for the favourites, False for other lists
    entries: NotRequired[list[WatchlistEntry]]  # in order


class SavedScreen(TypedDict):
    """A saved screen (an entry of `settings`/`screens`)."""

    name: str
    query: dict[str, str]  # the parameters of the page's URL


class AlertRule(TypedDict):
    """A condition that is checked after each update (`price_alert_rules`). Written by `alerts`."""

    _id: ObjectId
    name: str
    category: str
    tickers: list[str]  # empty: all of the category
    condition: str  # as `bars.conditions` reads it
    webhook: str  # where an alert is posted to; "" for nowhere
    email: str  # whom it is mailed to; "" for nobody
    since: dt.datetime  # the newest session when the rule was made: only later ones are checked
    asked_until: NotRequired[dt.datetime]  # the last finished session that was checked
    language: NotRequired[Language]  # of who made the rule: its messages are in it


class Delivery(TypedDict):
    """The state of sending an alert through one channel."""

    state: Literal["waiting", "sent", "failed", "dropped"]  # dropped: not sent, because the rule was removed
    attempts: int
    next_at: dt.datetime  # the earliest moment of the next attempt; a sender that claims the alert sets it later
    claim: NotRequired[str]  # of the sender that has the alert at the moment
    error: NotRequired[Error | str]  # why the last attempt failed; a text as of older versions


class Alert(TypedDict):
    """A ticker for which a rule held on a session (`price_alerts`). Written by `alerts`."""

    _id: str  # rule/session/ticker, so that a second check makes no second alert
    rule: ObjectId
    name: str  # of the rule, like the next two
    category: str
    condition: str
    ticker: str
    session: dt.datetime
    close: float
    change: float | None  # against the bar before, as a ratio
    found_at: dt.datetime
    deliveries: dict[str, Delivery]  # by channel: webhook, email
    withdrawn_at: NotRequired[dt.datetime]  # UTC: when the rule was found not to hold, because the bar was corrected
