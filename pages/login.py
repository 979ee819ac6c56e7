"""Where a visitor who knows the password becomes an admin."""

from finance_core.ui import login

login.show()
