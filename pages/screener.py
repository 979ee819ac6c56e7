"""Screener: the tickers of a category that fulfil a condition."""

from finance_core.ui.screener import page

page.show()
