"""Exchange rates."""

from finance_core.ui.viewer import page
from updaters import category_update

page.show("currencies", category_update.run)
