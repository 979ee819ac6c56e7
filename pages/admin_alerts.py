"""Alerts: conditions that are asked after each update."""

from finance_core.ui.alerts import page

page.show()
