"""Any category that has no page file of its own, by its address."""

from finance_core.ui.address_bar import page_path
from finance_core.ui.viewer import page
from updaters import category_update

page.show(page_path().rpartition("/")[2], category_update.run)
