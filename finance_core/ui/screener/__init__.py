"""The page that asks a whole category: conditions, chosen or written, and the tickers for which they hold."""
