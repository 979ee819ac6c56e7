"""Market indices."""

from finance_core.ui.viewer import page
from updaters import category_update

page.show("indices", category_update.run)
