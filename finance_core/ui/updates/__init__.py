"""The page where update runs are started, watched, cancelled and scheduled."""
