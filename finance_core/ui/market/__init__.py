"""The page of a whole market: a map of its tickers, its breadth over time, its industries.

The arithmetic is in `bars.breadth`, the charts are in `charts.market_map` and `charts.breadth`.
"""
