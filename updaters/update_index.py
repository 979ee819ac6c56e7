"""Update market indices: `python -m updaters.update_index` (or `python updaters/update_index.py`)."""

import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while the modules load: no traceback
    if not __package__:  # started as a file: make the project importable
        sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from updaters.command import main

    sys.exit(main("indices"))
