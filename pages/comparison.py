"""Comparison: several things on one chart."""

from finance_core.ui.comparison import page
from updaters import sample

page.show(sample.prepare)
