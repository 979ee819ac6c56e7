"""The life of the embedded MongoDB server: its process, its locks, and the watchdog that ends it after its last user.

Not here: what is stored in it (`storage`).
Imports `errors` and `i18n` only.
"""
