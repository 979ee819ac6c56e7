"""US stocks."""

from finance_core.ui.viewer import page
from updaters import category_update, sample

page.show("us_stocks", category_update.run, sample.prepare)
