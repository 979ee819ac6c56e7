"""The page of the user's own data: look, read as it is, convert, import and export files.

The only page that imports `foreign`.
"""
