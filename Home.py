"""Entry of the app: page config and navigation, nothing else. `streamlit run Home.py`."""

import streamlit as st

from finance_core import categories
from finance_core.i18n import _
from finance_core.ui.navigation import ICON, viewer_page
from finance_core.ui.page import language_switch, use_visitor_language

st.set_page_config(page_title="시세판", page_icon=str(ICON), layout="wide")
use_visitor_language()

overview = st.Page("pages/overview.py", title=_("한눈에"), icon=":material/dashboard:", default=True)
page = st.navigation({"": [overview], _("시세"): [viewer_page(category) for category in categories.CATEGORIES]})
with st.sidebar:
    language_switch()
page.run()
