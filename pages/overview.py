"""Overview: headline prices, the state of the data, the largest moves."""

from finance_core.ui import overview
from finance_core.ui.data import unused_server

overview.show(unused_server.hint)
