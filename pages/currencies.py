"""Exchange rates."""

from finance_core.ui import viewer
from updaters import sample, update

viewer.show("currencies", update.run, sample.prepare)
