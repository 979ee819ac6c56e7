"""ECharts options on a page, with events that come back to Python: the one way in which a viewer draws.

`border` makes an option what the component takes, `component` shows it. The .js files are what a chart does in the
browser beside drawing; what an option itself needs there is in `charts/scripts`.
"""
