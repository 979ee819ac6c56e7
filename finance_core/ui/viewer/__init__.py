"""The page of one ticker, the same for every category: search, header line, controls, chart, table."""
