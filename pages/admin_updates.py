"""Run, watch, cancel and schedule updates; their history."""

from finance_core.ui import admin_updates
from updaters import sample, update

admin_updates.show(update.run, sample.prepare)
