"""Korean stocks."""

from finance_core.ui.viewer import page
from updaters import category_update

page.show("korean_stocks", category_update.run)
