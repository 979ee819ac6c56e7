"""What the product knows: `bars`, `charts`, `mongod`, `storage`, `foreign` and `ui`, over small rooms that all may use.

Not here: Yahoo and the update runs (`updaters`) and the addresses of the pages (`pages`).
"""
