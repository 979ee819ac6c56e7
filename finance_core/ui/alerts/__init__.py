"""Alerts: the admin page where alert rules are made, and the notes about recent alerts on other pages.

`storage.alerts` finds alerts, `updaters.alert_delivery` sends them.
"""
