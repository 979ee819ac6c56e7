"""The admin page of alerts: make and remove alert rules, and look at the alerts of the last 30 days."""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from finance_core import categories, formats, settings
from finance_core.bars import conditions
from finance_core.bars.conditions import Mistake
from finance_core.bars.screen import READY, rule_of
from finance_core.categories import Category
from finance_core.errors import DataConflict, SisepanError
from finance_core.i18n import N_, _
from finance_core.storage import alerts, database, locations, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.storage.user_documents import Alert, AlertRule
from finance_core.ui import choices, closes, colors, listing, navigation
from finance_core.ui.alerts import trial
from finance_core.ui.alerts.trial import CHANNELS, Send
from finance_core.ui.decorators import page, writes
from finance_core.ui.text import plain
from finance_core.ui.widget_keys import successor

FIELDS = ("name", "tickers", "condition", "webhook", "email")
"""The inputs of the form; their widget keys end with these names."""
STATES = {
    "waiting": N_("보내는 중"),
    "sent": N_("보냄"),
    "failed": N_("못 보냄"),
    "dropped": N_("보내지 않음(알림을 지움)"),
}
"""Message ids by the state of a delivery."""
MADE, PROBLEM = "alerts_made", "new_alert_problem"
"""Keys of the session state for the number of alerts that this visit has made, and for what was wrong with the one that
was to be made, until the next click."""
SHOWN_FOR = dt.timedelta(days=30)


@page("admin_alerts", for_admins=True)
def show(db: MongoDatabase, send: Send) -> None:
    """The whole page. `send` sends a test message (`updaters.alert_delivery.send_test`)."""
    _form(db)
    made = alerts.rules(db)
    active = tickers.are_active(db, [(rule["category"], ticker) for rule in made for ticker in rule["tickers"]])
    for rule in made:
        _rule(db, rule, active, send)
    _found(db, made)


def _key(field: str) -> str:
    """The key of a widget of the form. The inputs get new ones for each alert: what is typed for the next one stays."""
    return successor(f"new_alert_{field}", st.session_state.get(MADE, 0) if field in FIELDS else 0)


def _form(db: MongoDatabase) -> None:
    @writes
    def add(category: Category) -> None:
        text = {field: str(st.session_state[_key(field)] or "").strip() for field in FIELDS}
        named = [category.ticker_of(ticker) for ticker in text.pop("tickers").split(",") if ticker.strip()]
        try:
            if not text["condition"]:
                raise SisepanError(N_("조건식이 비어 있습니다."))
            database.prepare_writing(db, category)
            alerts.add(db, category, text.pop("name"), rule_of(text.pop("condition")), of=named, **text)
        except Mistake:
            return  # `_condition` shows it
        except SisepanError as error:
            st.session_state[PROBLEM] = str(error)
            return
        st.session_state[MADE] = st.session_state.get(MADE, 0) + 1

    with st.container(border=True):
        st.caption(
            _(
                "업데이트가 끝날 때마다 새 거래일의 마감된 봉에 조건을 물어, 맞는 종목마다 하루에 한 번 알립니다. "
                "파일에서 가져온 시세에는 다음 업데이트 때 묻습니다."
            )
        )
        _ready()
        first, second, third = st.columns([1, 1, 2])
        with first:
            category = choices.category(_key("category"))
        second.text_input(_("이름"), key=_key("name"))
        third.text_input(_("종목 코드(쉼표로, 비우면 모두)"), key=_key("tickers"))
        _condition()
        left, right, last = st.columns([3, 3, 2], vertical_alignment="bottom")
        left.text_input(_("웹훅 주소(비우면 화면에만)"), placeholder="https://", key=_key("webhook"))
        hint = None if settings.get("SMTP_URL") else _("SMTP_URL 설정이 있어야 보냅니다: smtps://사용자:암호@서버")
        right.text_input(_("전자우편(비우면 화면에만)"), key=_key("email"), help=hint)
        # Never disabled: the click that ends the typing of the condition would be lost.
        last.button(_("알림 만들기"), icon=":material/add_alert:", key=_key("add"), on_click=add, args=(category,))
        if problem := st.session_state.pop(PROBLEM, None):
            st.error(plain(problem), icon=":material/error:")


def _ready() -> None:
    """The ready conditions, of which one is written into the fields."""

    @writes
    def use() -> None:
        if key := st.session_state[_key("ready")]:
            st.session_state[_key("condition")] = READY[key].rule
            st.session_state[_key("name")] = st.session_state[_key("name")] or _(READY[key].name)
            st.session_state[_key("ready")] = None

    st.pills(
        _("준비된 조건"),
        list(READY),
        format_func=lambda key: _(READY[key].name),
        key=_key("ready"),
        on_change=use,
        label_visibility="collapsed",
    )


def _condition() -> None:
    """The input of the condition, and below it the mistake in it."""
    text = st.text_input(_("조건식"), placeholder="crossed_above(close, ma60, 1)", key=_key("condition"))
    if not text.strip():
        return
    try:
        conditions.parse(rule_of(text))
    except Mistake as mistake:
        st.code(mistake.pointer, language=None)
        st.error(plain(str(mistake)), icon=":material/error:")


def _rule(db: MongoDatabase, rule: AlertRule, active: Mapping[tuple[str, str], bool], send: Send) -> None:
    category = categories.category(rule["category"])

    @writes
    def remove() -> None:
        alerts.remove(db, rule["_id"])

    channels = [_(CHANNELS[channel]) for channel in alerts.CHANNELS if rule[channel]]
    last_session = rule.get("asked_until")
    facts = [
        _(category.title),
        _named(rule, active) or _("모든 종목"),
        *channels,
        _("{date}까지 물음").format(date=formats.date(last_session)) if last_session else _("아직 묻지 않음"),
        *[_("업데이트가 없는 카테고리라 더 묻지 않음")] * _is_only_read(db, category),
    ]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(rule['name'])}** `{rule['condition'].replace('`', '')}`", width="stretch")
            st.caption(plain(" · ".join(facts)), width="content")
            if not rule["tickers"]:  # the screener asks all of them
                screen = {"in": category.key, "rule": rule["condition"]}
                st.page_link(navigation.page("screener"), label=_("종목 찾기에서 보기"), query_params=screen)
            if channels:
                trial.button(rule, send)
            choices.icon_button("delete", _("알림 지우기"), f"delete_{rule['_id']}", remove)
        trial.outcome(rule)


def _is_only_read(db: MongoDatabase, category: Category) -> bool:
    try:
        return locations.of(db, category).read_only
    except DataConflict:  # its other pages tell why; its rules can be deleted all the same
        return False


def _named(rule: AlertRule, active: Mapping[tuple[str, str], bool]) -> str:
    """The first tickers of `rule`. Those that are asked in vain say why, and come first: they must not be cut off."""
    marked, others = [], []
    for ticker in rule["tickers"]:
        is_active = active.get((rule["category"], ticker))
        if is_active:
            others.append(ticker)
        else:
            mark = _("목록에 없음") if is_active is None else _("사용 안 함")
            marked.append(f"{ticker} ({mark})")
    named = [*marked, *others]
    return ", ".join(named[:5]) + ("…" if len(named) > 5 else "")


def _found(db: MongoDatabase, made: Sequence[AlertRule]) -> None:
    recent = alerts.recent(db, tickers.now() - SHOWN_FOR, limit=500, withdrawn=True)
    st.subheader(_("지난 30일의 알림"))
    if not recent:
        nothing = (
            _("아직 알림이 없습니다. 다음 업데이트부터 찾습니다.")
            if made
            else _("위에서 조건을 적어 알림을 만드십시오.")
        )
        st.info(nothing, icon=":material/info:")
        return
    table(db, recent)


def table(db: MongoDatabase, shown: Sequence[Alert]) -> None:
    """A table of alerts, whose tickers are links to their charts."""
    of_alerts = [(categories.category(alert["category"]), alert["ticker"]) for alert in shown]
    rows = listing.rows_of(db, of_alerts)
    name, close, change = _("종목"), _("종가"), _("등락률")
    corrected = _("그 뒤 고쳐진 시세로는 맞지 않음")
    data = pd.DataFrame(
        {
            _("날짜"): [formats.date(alert["session"]) for alert in shown],
            _("알림"): [" · ".join([alert["name"], *([corrected] * ("withdrawn_at" in alert))]) for alert in shown],
            name: [listing.link(*each, row) for each, row in zip(of_alerts, rows, strict=True)],
            close: [alert["close"] for alert in shown],
            change: pd.Series([alert["change"] for alert in shown], dtype=float),
            _("보냄"): [" · ".join(filter(None, map(partial(_sent, alert), alert["deliveries"]))) for alert in shown],
        }
    )
    traded = [(category, listing.market_of(row)) for (category, _ticker), row in zip(of_alerts, rows, strict=True)]
    texts: Any = {change: formats.signed_percent}
    look = colors.of_changes(data, [change], traded).format(texts)
    st.dataframe(
        closes.written(db, look, close, of_alerts),
        hide_index=True,
        row_height=28,
        placeholder=formats.MISSING,
        column_config={
            _("알림"): st.column_config.TextColumn(width=listing.NAME_WIDTH),
            name: st.column_config.LinkColumn(display_text=navigation.NAME, width=listing.NAME_WIDTH),
        },
    )


def _sent(alert: Alert, channel: str) -> str:
    delivery = alert["deliveries"][channel]
    if delivery["state"] in ("waiting", "dropped") and "withdrawn_at" in alert:
        return ""
    state = STATES[delivery["state"]]
    text = _(CHANNELS[channel]) + " " + _(state)
    error = delivery.get("error")
    if isinstance(error, Mapping):
        error = str(SisepanError.from_document(error))
    return f"{text}: {error}" if error else text
