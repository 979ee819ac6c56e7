"""What tests of pages share."""

from pathlib import Path

import pytest
from streamlit.runtime.pages_manager import PagesManager


@pytest.fixture(autouse=True)
def home_runs_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The test runner asks at every run whether there is a directory `pages`, which the app has Streamlit overlook."""
    monkeypatch.setattr(PagesManager, "main_script_parent", tmp_path)
