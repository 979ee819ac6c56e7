"""The page that screens a whole category: conditions, chosen or written, and the tickers that fulfil them."""
