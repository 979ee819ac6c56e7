"""The page of named lists of tickers: a table, a chart that walks through it, and how an admin edits a list."""
