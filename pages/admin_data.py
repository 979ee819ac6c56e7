"""The user's own data: what the database holds, read as it is or converted; files in and out."""

from finance_core.ui import admin_data
from updaters import sample

admin_data.show(sample.prepare)
