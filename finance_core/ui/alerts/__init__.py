"""Alerts: the page for admins where rules are made, and what other pages show of the alerts that were found.

Finding them is left to `storage.alerts`, sending them to `updaters.alert_delivery`.
"""
