"""US stocks."""

from finance_core.ui import viewer
from updaters import sample, update

viewer.show("us_stocks", update.run, sample.prepare)
