"""Overview: headline prices, alerts, watchlists, the largest moves, and the state of the data."""

from finance_core.ui import overview
from finance_core.ui.data import offer

overview.show(offer.show)
