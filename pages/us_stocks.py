"""US stocks."""

from finance_core.ui.viewer import page
from updaters import category_update

page.show("us_stocks", category_update.run)
