"""The whole market: a map, its breadth, its industries."""

from finance_core.ui.market import page

page.show()
