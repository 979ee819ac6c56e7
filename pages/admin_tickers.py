"""The lists of tickers whose prices are collected, with the names that people see."""

from finance_core.ui.tickers import page
from updaters import listing_refresh

page.show(listing_refresh.refresh)
