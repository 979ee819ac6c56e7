"""The page on which updates are begun, watched, cancelled and scheduled."""
