"""Overview: headline prices, the state of the data, the largest moves."""

from finance_core.ui import overview
from updaters import sample

overview.show(sample.prepare)
