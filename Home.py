"""Entry of the app: page config and navigation, nothing else. `streamlit run Home.py`."""

import streamlit as st

from finance_core.categories import CATEGORIES
from finance_core.i18n import _
from finance_core.ui.page import use_visitor_language

st.set_page_config(page_title="시세판", page_icon="finance_core/ui/icon.svg", layout="wide")
use_visitor_language()

viewers = [
    st.Page(f"pages/{category.key}.py", title=_(category.title), icon=category.icon, url_path=category.key)
    for category in CATEGORIES
]
# A default page answers at "/" only, so it is one of its own: the viewers keep their addresses.
start = st.Page(lambda: st.switch_page(viewers[0]), title="시세판", url_path="start", default=True, visibility="hidden")
st.navigation({"": [start], _("시세"): viewers}).run()
