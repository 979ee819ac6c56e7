"""The page of the ticker lists: an editable grid, additions, removals, history."""
