"""Update Korean stocks: `python -m updaters.update_kr` (or `python updaters/update_kr.py`)."""

import sys
from pathlib import Path

if __package__ in (None, ""):  # started as a file: make the project importable
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from updaters.command import main

if __name__ == "__main__":
    sys.exit(main("korean_stocks"))
