"""Shows ECharts options on a page, and returns events to Python. Viewers draw only through this package.

`border` prepares an option for the component, `component` shows it. The .js files do what a chart does in the browser
beside drawing; functions that an option itself needs are in `charts/scripts`.
"""
