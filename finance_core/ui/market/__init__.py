"""The page of a whole market: a map of its tickers, its breadth over time, its industries.

Arithmetic is in `bars.breadth`, pictures are in `charts.market_map` and `charts.breadth`.
"""
