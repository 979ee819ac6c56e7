"""Comparison: several things on one chart."""

from finance_core.ui import comparison
from updaters import sample

comparison.show(sample.prepare)
