"""The page that shows several series on one chart, with measures and analysis."""
