"""The page of named lists of tickers: a table, the chart of the chosen row, and editing for admins."""
