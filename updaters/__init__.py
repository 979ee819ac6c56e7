"""Prices from Yahoo: its client and rate limit, updates of a ticker and of a category, schedule, samples, commands.

Not here: how bars are stored and where a run is recorded (`storage`), how an import works (`foreign`).
Imports `storage`, `foreign` and what they import; never `ui`.
"""
