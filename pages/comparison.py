"""Comparison: several series on one chart."""

from finance_core.ui.comparison import page

page.show()
