"""The page where a visitor who knows the password logs in as an admin."""

from finance_core.ui import login

login.show()
