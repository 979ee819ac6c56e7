"""Screener: which tickers of a category a condition holds for."""

from finance_core.ui.screener import page

page.show()
