"""The lists of what is collected, and the names people see."""

from finance_core.ui.tickers import page

page.show()
