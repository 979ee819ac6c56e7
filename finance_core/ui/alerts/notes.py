"""Notes about recent alerts on the first page and on viewers. Only admins see them: alerts are their own."""

import datetime as dt

import streamlit as st

from finance_core import formats
from finance_core.categories import Category
from finance_core.i18n import _
from finance_core.storage import alerts, tickers
from finance_core.storage.database import MongoDatabase
from finance_core.ui.alerts import page
from finance_core.ui.text import plain
from finance_core.ui.visitor import may_edit

RECENT = dt.timedelta(days=4)
"""The greatest age of the session of a shown alert; a long weekend is shorter."""
MOST = 20


def of_night(db: MongoDatabase) -> None:
    """The newest alerts of all categories."""
    if may_edit() and (recent := alerts.recent(db, tickers.now() - RECENT, limit=MOST)):
        st.subheader(_("알림"))
        page.table(db, recent)


def of_ticker(db: MongoDatabase, category: Category, ticker: str) -> None:
    """The newest alerts of a ticker, in one badge."""
    if may_edit() and (recent := alerts.recent(db, tickers.now() - RECENT, (category.key, ticker), limit=MOST)):
        texts = [f"{alert['name']} ({formats.date(alert['session'])})" for alert in recent]
        st.badge(plain(" · ".join(texts)), icon=":material/notifications:", color="blue")
