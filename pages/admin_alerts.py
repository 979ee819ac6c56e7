"""Alerts: conditions that are asked after each update."""

from finance_core.ui.alerts import page
from updaters import alert_delivery

page.show(alert_delivery.send_test)
