"""Any category that has no page file of its own, by its address."""

from urllib.parse import urlsplit

import streamlit as st

from finance_core.ui import viewer
from updaters import sample, update

viewer.show(urlsplit(st.context.url or "").path.rpartition("/")[2], update.run, sample.prepare)
