"""One file per page, named as its address: calls `show` of its room in `finance_core.ui` and passes it the updaters.

Not here: anything that is drawn. Imports `finance_core.ui` and `updaters`.
"""
