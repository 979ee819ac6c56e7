"""What the product stores in MongoDB, and the queries for it: prices, tickers and their edits, runs, lists, alerts.

Not here: arithmetic (`bars`), other people's layouts (`foreign`), Yahoo (`updaters`).
Imports `bars`, `mongod` and small modules of `finance_core`.
"""
