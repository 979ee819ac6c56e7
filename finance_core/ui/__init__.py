"""The Streamlit pages: one folder or file per page, and the modules that pages share.

Not here: queries, arithmetic, charts. `pages/` gives each page its address and passes the updaters to it.
Imports every room of `finance_core`; only `ui.data` imports `foreign`.
"""
