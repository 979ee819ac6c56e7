"""The lists of what is collected, and the names people see."""

from finance_core.ui.tickers import page
from updaters import listing_refresh

page.show(listing_refresh.refresh)
