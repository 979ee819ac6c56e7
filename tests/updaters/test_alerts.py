"""Alerts: found once after each update, and sent through a real web server and a real mail server."""

import datetime as dt
import os
import threading
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from finance_core import i18n
from finance_core.bars import candles, sessions
from finance_core.categories import KOREAN_STOCKS
from finance_core.errors import SisepanError
from finance_core.storage import alerts, panels, prices, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.documents import ALERT_RULES, ALERTS
from tests.receivers import Mailbox, Receiver
from tests.yahoo import Listing, Status, YahooStandIn, random_walk
from updaters import alert_delivery, category_update, scheduler
from updaters import yahoo as product

pytestmark = pytest.mark.slow

DAYS = sessions.between("XKRX", dt.date(2026, 1, 2), dt.date(2026, 11, 24))
EVENING = "T09:00:00+00:00"
"""After the close in Seoul."""
SLACK = dt.timedelta(seconds=50)
"""A real receiver takes real time, from which on the pauses count."""
AGAIN = alerts.AGAIN_AFTER[0] + SLACK


def evening(position: int) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{DAYS[position]:%Y-%m-%d}{EVENING}")


def table(closes: dict[int, float]) -> pd.DataFrame:
    """Bars that stand at 100 but for the closes at some positions."""
    frame = pd.DataFrame(100.0, index=DAYS, columns=["open", "high", "low", "close"]).assign(volume=1_000.0)
    for position, close in closes.items():
        frame.iloc[position, :4] = close
    return frame.assign(dividends=0.0, stock_splits=0.0)


@pytest.fixture(autouse=True)
def no_panel() -> Iterator[None]:
    panels.forget()
    yield
    panels.forget()


def update(yahoo: YahooStandIn, db: MongoDatabase, position: int, tables: dict[str, pd.DataFrame]) -> None:
    """An update in the evening of the session at `position`."""
    for ticker, whole in tables.items():
        yahoo.listings[f"{ticker}.KS"] = Listing(
            whole.iloc[: len(DAYS) + position + 1 if position < 0 else position + 1]
        )
    category_update.run(db, KOREAN_STOCKS, list(tables), now=lambda: evening(position))


def found(db: MongoDatabase) -> list[tuple[str, str]]:
    return [(f"{alert['session']:%Y-%m-%d}", alert["ticker"]) for alert in db[ALERTS].find().sort("_id")]


def day(position: int) -> str:
    return f"{DAYS[position]:%Y-%m-%d}"


def test_an_update_finds_each_ticker_once_a_session_and_only_sessions_after_the_rule(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    tables = {"005930": table({-3: 120.0, -2: 121.0}), "000660": table({-4: 130.0, -2: 90.0})}
    update(yahoo, db, -4, tables)
    alerts.add(db, KOREAN_STOCKS, "급등", "change > 10%")
    update(yahoo, db, -4, tables)
    assert found(db) == []  # that session was there before the rule
    update(yahoo, db, -3, tables)
    assert found(db) == [(day(-3), "005930")]
    update(yahoo, db, -3, tables)
    assert found(db) == [(day(-3), "005930")]
    update(yahoo, db, -1, tables)  # two sessions at once; both are asked
    assert found(db) == [(day(-3), "005930"), (day(-1), "000660")]
    (alert,) = alerts.recent(db, DAYS[-1].to_pydatetime())
    assert (alert["close"], alert["change"]) == (100.0, pytest.approx(100 / 90 - 1))


@pytest.mark.parametrize("fetched", ["03:00:00", "06:59:59"])  # at noon, and just before the bar settles
def test_a_bar_that_may_still_change_is_not_asked_and_one_that_comes_late_is(
    db: MongoDatabase, yahoo: YahooStandIn, fetched: str
) -> None:
    tables = {"005930": table({-2: 120.0}), "000660": table({-2: 120.0})}
    update(yahoo, db, -3, tables)
    alerts.add(db, KOREAN_STOCKS, "급등", "change > 10%")
    too_early = dt.datetime.fromisoformat(f"{day(-2)}T{fetched}")
    for ticker, whole in tables.items():
        prices.write(db, KOREAN_STOCKS, ticker, candles.clean(whole.iloc[-2:-1])[0])
        tickers.record(db, KOREAN_STOCKS, ticker, {"updated_at": too_early, "bars_changed_at": too_early})
    assert alerts.find(db, KOREAN_STOCKS, evening(-2)) == 0
    update(yahoo, db, -2, {"005930": tables["005930"]})
    assert found(db) == [(day(-2), "005930")]
    update(yahoo, db, -1, tables)
    assert found(db) == [(day(-2), "000660"), (day(-2), "005930")]


def test_a_bar_that_may_still_change_is_not_final_because_yahoo_then_failed(
    db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "RETRY_WITHIN", 0.01)
    provisional, true = table({-1: 120.0}), table({-1: 101.0})
    update(yahoo, db, -2, {"005930": provisional})
    alerts.add(db, KOREAN_STOCKS, "급등", "change > 10%")
    just_closed = dt.datetime.fromisoformat(f"{day(-1)}T06:40:00+00:00")
    yahoo.listings["005930.KS"] = Listing(provisional)
    category_update.run(db, KOREAN_STOCKS, ["005930"], now=lambda: just_closed)
    assert prices.load(db, KOREAN_STOCKS, "005930")["close"].iloc[-1] == 120.0
    yahoo.outage = Status(500)
    update(yahoo, db, -1, {"005930": true})
    assert found(db) == []
    yahoo.outage = None

    update(yahoo, db, -1, {"005930": true})

    assert found(db) == []
    assert prices.load(db, KOREAN_STOCKS, "005930")["close"].iloc[-1] == 101.0


def test_samples_that_are_newer_than_real_bars_hide_no_session_from_a_rule(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    whole = table({-1: 120.0})
    update(yahoo, db, -2, {"005930": whole})
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "000001", "name": "표본", "source": "sample"}])
    tickers.record(db, KOREAN_STOCKS, "000001", {"last_date": DAYS[-1].to_pydatetime() + dt.timedelta(days=30)})
    alerts.add(db, KOREAN_STOCKS, "급등", "change > 10%")
    update(yahoo, db, -1, {"005930": whole})
    assert found(db) == [(day(-1), "005930")]


def test_an_alert_whose_bar_is_corrected_has_the_new_close_or_is_withdrawn(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    update(yahoo, db, -3, {"005930": table({}), "000660": table({}), "035720": table({})})
    alerts.add(db, KOREAN_STOCKS, "급등", "change > 10%", email="me@example.com")
    update(yahoo, db, -2, {ticker: table({-2: 120.0}) for ticker in ("005930", "000660", "035720")})
    corrected = {"005930": table({-2: 102.0}), "000660": table({-2: 130.0}), "035720": table({-2: 120.0})}
    update(yahoo, db, -1, corrected)
    since = DAYS[-2].to_pydatetime()
    assert [(alert["ticker"], alert["close"]) for alert in alerts.recent(db, since)] == [
        ("000660", 130.0),
        ("035720", 120.0),
    ]
    withdrawn = next(alert for alert in alerts.recent(db, since, withdrawn=True) if "withdrawn_at" in alert)
    assert withdrawn["ticker"] == "005930"
    tomorrow = evening(-1).replace(tzinfo=None) + dt.timedelta(days=1)
    assert [alert["ticker"] for alert in alerts.claim(db, "email", tomorrow, tomorrow)] == ["000660", "035720"]
    prices.write(db, KOREAN_STOCKS, "005930", candles.clean(table({-2: 115.0}).iloc[-3:])[0])
    tickers.record(db, KOREAN_STOCKS, "005930", {"bars_changed_at": tickers.now()})
    alerts.find(db, KOREAN_STOCKS, evening(-1))
    assert len(alerts.recent(db, since)) == 3, "corrected once more"
    later = tomorrow + dt.timedelta(days=1)
    assert "005930" in [alert["ticker"] for alert in alerts.claim(db, "email", later, later)]


def test_an_alert_of_a_day_without_a_change_is_withdrawn_too(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    update(yahoo, db, -3, {"005930": table({})})
    alerts.add(db, KOREAN_STOCKS, "위", "close > 95")
    update(yahoo, db, -2, {"005930": table({})})
    assert found(db) == [(day(-2), "005930")]
    update(yahoo, db, -1, {"005930": table({-2: 80.0, -1: 80.0})})
    assert alerts.recent(db, DAYS[-2].to_pydatetime()) == []


def test_a_split_withdraws_no_alert_of_a_price(db: MongoDatabase, yahoo: YahooStandIn) -> None:
    update(yahoo, db, -3, {"005930": table({})})
    alerts.add(db, KOREAN_STOCKS, "돌파", "close > 110")
    update(yahoo, db, -2, {"005930": table({-2: 120.0})})
    restated = table({-2: 120.0})
    restated[list(candles.PRICES)] = (restated[list(candles.PRICES)] / 7).round(2)
    restated.loc[restated.index[-1], "stock_splits"] = 7.0
    update(yahoo, db, -1, {"005930": restated})
    assert prices.load(db, KOREAN_STOCKS, "005930")["close"].iloc[-2] == 17.14
    assert found(db) == [(day(-2), "005930")]
    assert len(alerts.recent(db, DAYS[-2].to_pydatetime())) == 1


def test_a_rule_may_be_of_some_tickers_and_a_broken_one_costs_the_others_and_the_update_nothing(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    tables = {"005930": table({-1: 120.0}), "000660": table({-1: 120.0})}
    update(yahoo, db, -2, tables)
    broken = alerts.add(db, KOREAN_STOCKS, "고장", "close > 1")
    db[ALERT_RULES].update_one({"_id": broken}, {"$set": {"condition": "close >>"}})
    alerts.add(db, KOREAN_STOCKS, "하나만", "change > 10%", of=["000660"])
    update(yahoo, db, -1, tables)
    assert found(db) == [(day(-1), "000660")]
    with pytest.raises(SisepanError, match="고장"):
        alerts.find(db, KOREAN_STOCKS, evening(-1))


def test_who_dies_before_it_notes_how_far_it_asked_asks_again_without_a_second_alert(
    db: MongoDatabase, yahoo: YahooStandIn
) -> None:
    tables = {"005930": table({-2: 120.0})}
    update(yahoo, db, -3, tables)
    rule = alerts.add(db, KOREAN_STOCKS, "급등", "change > 10%")
    update(yahoo, db, -1, tables)
    before = db[ALERTS].find().to_list()
    db[ALERT_RULES].update_one({"_id": rule}, {"$unset": {"asked_until": ""}})
    assert alerts.find(db, KOREAN_STOCKS, evening(-1)) == 0
    db[ALERTS].delete_many({})  # or before it stored what it found
    assert alerts.find(db, KOREAN_STOCKS, evening(-1)) == 1
    assert [alert["_id"] for alert in db[ALERTS].find()] == [alert["_id"] for alert in before]


def test_after_a_long_pause_the_earliest_session_has_all_the_bars_that_a_long_average_needs(db: MongoDatabase) -> None:
    days = sessions.between("XKRX", dt.date(2024, 6, 3), dt.date(2026, 11, 2))
    bars = candles.clean(random_walk(days, seed=1))[0]
    tickers.register(db, KOREAN_STOCKS, [{"ticker": "005930", "name": "삼성전자"}])
    for until in (-55, None):
        prices.write(db, KOREAN_STOCKS, "005930", bars.iloc[:until])
        state = prices.state_of(KOREAN_STOCKS, bars.iloc[:until])
        moments = {"source": "import", "bars_changed_at": tickers.now()}
        tickers.record(db, KOREAN_STOCKS, "005930", {**state, **moments})
        if until:
            alerts.add(db, KOREAN_STOCKS, "언제나", "ma300 > 0")
    assert alerts.find(db, KOREAN_STOCKS, dt.datetime(2026, 11, 3, tzinfo=dt.UTC)) == 55


@pytest.mark.parametrize(
    "wrong",
    [
        {"condition": "close >"},
        {"name": ""},
        {"of": ["999999"]},
        {"webhook": "javascript:alert(1)"},
        {"webhook": "http://["},
        {"email": "nobody"},
        {"email": "a@@example.com"},
        {"email": "a@b\nBcc: c@d"},
        {"email": "kim@[corp.kr"},
        {"email": "a@["},
        {"email": "a:;@b"},
        {"email": "(@b"},
    ],
    ids=repr,
)
def test_a_rule_that_cannot_be_used_is_refused_with_a_sentence(db: MongoDatabase, wrong: dict[str, Any]) -> None:
    usable = {"name": "이름", "condition": "close > 1"}
    with pytest.raises(SisepanError):
        alerts.add(db, KOREAN_STOCKS, **{**usable, **wrong})
    assert alerts.rules(db) == []


def prepared(db: MongoDatabase, yahoo: YahooStandIn, **ways: str) -> None:
    """Two tickers that rise on the last session, a rule that finds them, and the update before that session."""
    tables = {"005930": table({-1: 120.0}), "000660": table({-1: 115.0})}
    update(yahoo, db, -2, tables)
    tickers.record(db, KOREAN_STOCKS, "005930", {"name": "삼성전자"})
    alerts.add(db, KOREAN_STOCKS, "급등", "change > 10%", **ways)
    update(yahoo, db, -1, tables)


def states(db: MongoDatabase, channel: str) -> set[str]:
    return {alert["deliveries"][channel]["state"] for alert in db[ALERTS].find()}


def kept(db: MongoDatabase, channel: str) -> list[SisepanError]:
    """Why the alerts were not sent the last time."""
    return [SisepanError.from_document(alert["deliveries"][channel]["error"]) for alert in db[ALERTS].find()]


def test_the_alerts_of_a_session_go_out_as_one_message_through_each_way(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver, mailbox: Mailbox
) -> None:
    prepared(db, yahoo, webhook=receiver.address, email="analyst@example.com")
    ((key, body),) = receiver.posts
    assert key
    assert [row["ticker"] for row in body["tickers"]] == ["000660", "005930"]
    assert "삼성전자 (005930) 120 +20.00%" in body["text"]
    assert (body["session"], body["test"]) == (day(-1), False)
    (mail,) = mailbox.mails
    assert "To: analyst@example.com" in mail
    assert key in mail
    assert states(db, "webhook") == states(db, "email") == {"sent"}
    assert alert_delivery.deliver(db, evening(-1) + dt.timedelta(days=2)) == 0
    assert len(receiver.posts) == len(mailbox.mails) == 1


def test_a_test_goes_the_way_of_real_messages_says_what_it_is_and_stores_nothing(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver, mailbox: Mailbox
) -> None:
    receiver.statuses = [500]
    prepared(db, yahoo, webhook=receiver.address, email="analyst@example.com")
    (rule,) = alerts.rules(db)
    before = db[ALERTS].find().to_list()
    mailbox.mails.clear()
    assert alert_delivery.send_test(rule) == {"webhook": None, "email": None}
    assert alert_delivery.send_test(rule) == {"webhook": None, "email": None}
    (_real, first, second) = receiver.posts
    assert first[0] != second[0]  # a receiver that drops what it has seen takes both
    assert "[시험] 급등" in first[1]["text"]
    assert (first[1]["test"], first[1]["tickers"], first[1]["session"]) == (True, [], None)
    assert first[1].keys() == _real[1].keys()
    assert len(mailbox.mails) == 2
    assert first[0] in mailbox.mails[0]
    assert db[ALERTS].find().to_list() == before
    assert alerts.rules(db) == [rule]


@pytest.mark.parametrize("status", [404, 302])
def test_a_test_that_fails_says_why_by_each_way(
    db: MongoDatabase, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:1")
    receiver.statuses = [status]
    alerts.add(db, KOREAN_STOCKS, "급등", "change > 10%", webhook=receiver.address, email="analyst@example.com")
    results = alert_delivery.send_test(alerts.rules(db)[0])
    assert str(results["webhook"]) == f"웹훅이 HTTP {status}로 답했습니다."
    assert str(results["email"]).startswith("전자우편을 보내지 못했습니다")


def test_what_could_not_be_sent_is_sent_later_and_given_up_at_last(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver, mailbox: Mailbox
) -> None:
    receiver.statuses = [500] * 3
    prepared(db, yahoo, webhook=receiver.address, email="analyst@example.com")
    assert (states(db, "webhook"), states(db, "email")) == ({"waiting"}, {"sent"})
    now = evening(-1)
    assert alert_delivery.deliver(db, now + dt.timedelta(seconds=30)) == 0  # not yet
    for pause in alerts.AGAIN_AFTER[:3]:
        now += pause + SLACK
        alert_delivery.deliver(db, now)
    assert states(db, "webhook") == {"sent"}
    assert len({key for key, _body in receiver.posts}) == 1
    assert len(receiver.posts) == 4

    db[ALERTS].update_many({}, {"$set": {"deliveries.webhook.state": "waiting", "deliveries.webhook.attempts": 0}})
    receiver.statuses = [404] * 20
    for pause in (*alerts.AGAIN_AFTER, dt.timedelta(days=9)):
        now += pause + dt.timedelta(minutes=1)
        alert_delivery.deliver(db, now)
    assert states(db, "webhook") == {"failed"}
    errors = {str(error) for error in kept(db, "webhook")}
    assert errors == {"웹훅이 HTTP 404로 답했습니다."}


@pytest.mark.parametrize(
    ("ways", "url"),
    [
        ({"webhook": "http://127.0.0.1:1/"}, ""),
        ({"email": "a@example.com"}, ""),
        ({"email": "a@example.com"}, "smtp://127.0.0.1:1"),
        ({"email": "a@example.com"}, "smtp://me:secret@[::"),
        ({"webhook": "http://ㅁ" + "ㅁ" * 70 + ".example/"}, ""),
    ],
    ids=repr,
)
def test_an_address_where_nobody_is_costs_the_update_nothing(
    db: MongoDatabase, yahoo: YahooStandIn, monkeypatch: pytest.MonkeyPatch, ways: dict[str, str], url: str
) -> None:
    monkeypatch.setenv("SMTP_URL", url)
    prepared(db, yahoo, **ways)
    (way,) = ways
    assert states(db, way) == {"waiting"}
    errors = list(map(str, kept(db, way)))
    assert all(errors)
    assert errors
    assert "secret" not in "".join(errors)
    assert prices.load(db, KOREAN_STOCKS, "005930")["close"].iloc[-1] == 120.0


def test_a_password_that_mail_cannot_carry_is_a_sentence_and_costs_the_update_nothing(
    db: MongoDatabase, yahoo: YahooStandIn, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_URL", os.environ["SMTP_URL"].replace("p%40ss", "%EC%95%94%ED%98%B8"))
    prepared(db, yahoo, email="analyst@example.com")
    assert states(db, "email") == {"waiting"}
    assert mailbox.mails == []


@pytest.mark.parametrize(
    "email", ["kim.@example.com", "김@회사.kr", "a@b.kr,c@d.kr", "x@[1.2.3.4]", "kim+x@example.com"]
)
def test_an_address_that_is_unusual_is_taken(db: MongoDatabase, email: str) -> None:
    alerts.add(db, KOREAN_STOCKS, "급등", "change > 10%", email=email)
    assert [rule["email"] for rule in alerts.rules(db)] == [email]


@pytest.mark.parametrize("address", ["kim@[corp.kr", "a:;@b"])
def test_an_address_that_no_mail_can_have_costs_the_update_and_other_alerts_nothing(
    db: MongoDatabase, yahoo: YahooStandIn, mailbox: Mailbox, address: str
) -> None:
    prepared(db, yahoo)
    alerts.add(db, KOREAN_STOCKS, "옛 알림", "change > 10%", email="a@example.com")  # by an earlier version
    db[ALERT_RULES].update_many({"name": "옛 알림"}, {"$set": {"email": address, "since": DAYS[-2].to_pydatetime()}})
    alerts.add(db, KOREAN_STOCKS, "급등", "change > 10%", email="b@example.com")
    db[ALERT_RULES].update_many({}, {"$set": {"since": DAYS[-2].to_pydatetime()}})
    alerts.find(db, KOREAN_STOCKS, evening(-1))

    assert alert_delivery.deliver(db, evening(-1)) == 1

    assert len(mailbox.mails) == 1
    waiting = list(db[ALERTS].find({"name": "옛 알림"}))
    assert {(each["deliveries"]["email"]["state"], each["deliveries"]["email"]["attempts"]) for each in waiting} == {
        ("waiting", 1)
    }
    assert "알림을 보내지 못했습니다" in str(SisepanError.from_document(waiting[0]["deliveries"]["email"]["error"]))


def test_a_sender_that_died_is_followed_by_another_one(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    prepared(db, yahoo, webhook=receiver.address)
    now = (evening(-1) + AGAIN).replace(tzinfo=None)
    claimed = alerts.claim(db, "webhook", now, now)
    assert len(claimed) == 2
    assert alerts.claim(db, "webhook", now, now) == []
    assert not alerts.is_waiting(db, now)
    later = now + alerts.CLAIMED_FOR
    assert alerts.is_waiting(db, later)
    assert alert_delivery.deliver(db, later.replace(tzinfo=dt.UTC)) == 1
    alerts.settle(db, "webhook", claimed, later, SisepanError("too late"))
    assert states(db, "webhook") == {"sent"}


def test_many_slow_receivers_get_each_message_once_though_a_second_sender_comes(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver
) -> None:
    rules = 5
    receiver.statuses = [500] * rules
    tables = {"005930": table({-1: 120.0})}
    update(yahoo, db, -2, tables)
    for number in range(rules):
        alerts.add(db, KOREAN_STOCKS, f"급등 {number}", "change > 10%", webhook=receiver.address)
    update(yahoo, db, -1, tables)
    receiver.posts.clear()
    begun, passed = evening(-1) + AGAIN, dt.timedelta()

    def slow() -> None:
        """Each takes 100 seconds; the second sender comes in the middle of the fourth, when claims have expired."""
        nonlocal passed
        passed += dt.timedelta(seconds=100)
        if len(receiver.posts) == rules - 1:
            alert_delivery.deliver(db, begun + passed, seconds=lambda: passed.total_seconds())

    receiver.meanwhile = slow
    alert_delivery.deliver(db, begun, seconds=lambda: passed.total_seconds())
    assert passed > alerts.CLAIMED_FOR
    assert sorted(body["alert"] for _key, body in receiver.posts) == [f"급등 {number}" for number in range(rules)]
    assert states(db, "webhook") == {"sent"}


def test_a_message_that_fails_while_others_are_slow_is_not_tried_again_at_once(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver
) -> None:
    receiver.statuses = [500, 500]
    prepared(db, yahoo, webhook=receiver.address)
    begun, passed = evening(-1) + AGAIN, dt.timedelta()

    def slow() -> None:
        nonlocal passed
        passed += dt.timedelta(hours=1)

    receiver.meanwhile = slow
    alert_delivery.deliver(db, begun, seconds=lambda: passed.total_seconds())
    assert len(receiver.posts) == 2
    later = {alert["deliveries"]["webhook"]["next_at"] for alert in db[ALERTS].find()}
    assert later == {(begun + passed + alerts.AGAIN_AFTER[1]).replace(tzinfo=None)}


def test_the_app_does_not_begin_to_send_while_it_sends(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver
) -> None:
    receiver.statuses = [500, 500]
    prepared(db, yahoo, webhook=receiver.address)
    answer = threading.Event()
    receiver.meanwhile = answer.wait
    (task,) = scheduler.tick(evening(-1) + AGAIN)
    assert scheduler.tick(evening(-1) + alerts.LONGEST_PAUSE) == []
    answer.set()
    assert task.wait(30)
    (task,) = scheduler.tick(evening(-1) + alerts.LONGEST_PAUSE)
    assert task.wait(30)
    assert states(db, "webhook") == {"sent"}


def test_a_message_that_is_sent_again_is_the_same_in_whatever_language_the_run_is(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    prepared(db, yahoo, webhook=receiver.address)
    with i18n.in_language("en"):
        assert alert_delivery.deliver(db, evening(-1) + AGAIN) == 1
    (_key, first), (_key, second) = receiver.posts
    assert second == first
    assert "2종목" in first["text"]


def test_the_app_sends_what_waits(db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver) -> None:
    receiver.statuses = [500]
    prepared(db, yahoo, webhook=receiver.address)
    (task,) = scheduler.tick(evening(-1) + AGAIN)
    task.wait(30)
    assert states(db, "webhook") == {"sent"}


def test_what_was_sent_stays_so_when_its_rule_is_removed(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver
) -> None:
    prepared(db, yahoo, webhook=receiver.address)
    alerts.remove(db, alerts.rules(db)[0]["_id"])
    assert [alert["deliveries"]["webhook"]["state"] for alert in db[ALERTS].find()] == ["sent"] * 2


def test_a_removed_rule_is_not_asked_and_its_alerts_are_not_sent(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    prepared(db, yahoo, webhook=receiver.address)
    (rule,) = alerts.rules(db)
    alerts.remove(db, rule["_id"])
    assert not alerts.is_waiting(db, dt.datetime(2030, 1, 1))
    assert len(found(db)) == 2
    assert alerts.find(db, KOREAN_STOCKS, evening(-1)) == 0
    assert states(db, "webhook") == {"dropped"}
    errors = {str(error) for error in kept(db, "webhook")}
    assert errors == {"웹훅이 HTTP 500으로 답했습니다."}


@pytest.mark.parametrize(("status", "state"), [(500, "dropped"), (200, "sent")])
def test_a_rule_that_is_removed_while_its_message_is_sent_is_not_tried_again(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver, status: int, state: str
) -> None:
    receiver.statuses = [500, status]
    prepared(db, yahoo, webhook=receiver.address)
    (rule,) = alerts.rules(db)
    receiver.meanwhile = lambda: alerts.remove(db, rule["_id"])
    alert_delivery.deliver(db, evening(-1) + AGAIN)
    assert states(db, "webhook") == {state}
    assert not alerts.is_waiting(db, dt.datetime(2030, 1, 1))


def test_the_alerts_of_a_removal_that_died_halfway_are_not_sent_nor_said_to_be(
    db: MongoDatabase, yahoo: YahooStandIn, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    prepared(db, yahoo, webhook=receiver.address)
    db[ALERT_RULES].delete_many({})
    assert alert_delivery.deliver(db, evening(-1) + AGAIN) == 0
    assert states(db, "webhook") == {"dropped"}
    assert len(receiver.posts) == 1
