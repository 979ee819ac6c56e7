"""Start, watch, cancel and schedule update runs, and see their history."""

from finance_core.ui.updates import page
from updaters import category_update

page.show(category_update.run)
