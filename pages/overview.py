"""Overview: headline prices, the state of the data, the largest moves."""

from finance_core.ui import overview
from finance_core.ui.data import offer

overview.show(offer.show)
