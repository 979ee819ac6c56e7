"""The viewer of any category without a page file of its own; the address has the category's key."""

from finance_core.ui.address_bar import page_path
from finance_core.ui.viewer import page
from updaters import category_update

page.show(page_path().rpartition("/")[2], category_update.run)
