"""Alerts: conditions that are checked after each update run."""

from finance_core.ui.alerts import page
from updaters import alert_delivery

page.show(alert_delivery.send_test)
