"""The lists of what is collected, and the names people see."""

from finance_core.ui import admin_tickers
from updaters import sample

admin_tickers.show(sample.prepare)
