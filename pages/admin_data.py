"""The user's own data: what the database holds, read as it is or converted; files in and out."""

from finance_core.ui.data import page

page.show()
