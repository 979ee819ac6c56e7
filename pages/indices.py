"""Market indices."""

from finance_core.ui import viewer
from updaters import sample, update

viewer.show("indices", update.run, sample.prepare)
