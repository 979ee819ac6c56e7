"""Run, watch, cancel and schedule updates; their history."""

from finance_core.ui.updates import page
from updaters import category_update

page.show(category_update.run)
