"""The page of the user's own data: inspect collections, read them as they are or convert them, import and export files.

The only page that imports `foreign`.
"""
