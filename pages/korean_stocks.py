"""Korean stocks."""

from finance_core.ui import viewer
from updaters import sample, update

viewer.show("korean_stocks", update.run, sample.prepare)
