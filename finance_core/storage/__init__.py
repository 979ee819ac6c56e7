"""The only rooms that query MongoDB: connection, prices, tickers and their edits, runs, schedule.

Not here: arithmetic (`bars`), other people's layouts (`foreign`), Yahoo (`updaters`).
Imports `bars`, `mongod` and small modules of `finance_core`.
"""
