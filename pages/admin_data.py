"""The user's own data: collections of the database, read as they are or converted; import and export of files."""

from finance_core.ui.data import page

page.show()
