"""Any category that has no page file of its own, by its address."""

from urllib.parse import urlsplit

import streamlit as st

from finance_core.ui.viewer import page
from updaters import category_update

page.show(urlsplit(st.context.url or "").path.rpartition("/")[2], category_update.run)
