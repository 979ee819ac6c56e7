"""Frames in, charts out: ECharts options for the page, Plotly figures and HTML files for analysis. Pure.

Not here: the arithmetic (`bars`) and the choice of what is shown (`ui`).
Imports `bars` and small modules of `finance_core` only.
"""
