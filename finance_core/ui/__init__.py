"""The Streamlit pages: a folder or file a page, and beside them what pages share.

Not here: queries, arithmetic, charts. `pages/` names each page's address and hands it the updaters.
Imports every room of `finance_core`; only `ui.data` imports `foreign`.
"""
