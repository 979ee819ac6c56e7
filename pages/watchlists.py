"""Watchlists: named lists of tickers of all categories."""

from finance_core.ui.watchlists import page

page.show()
