"""Other people's databases and files: recognise their layout, read them as they are, import them; the commands for it.

Not here: our own layout (`storage`) and the page that shows all this (`ui.data`).
Imports `storage`, `bars` and small rooms. Only `ui.data`, its commands and the app's scheduler import this room.
"""
