"""What a page loads: opening a chart must not wait for the code that reads other people's data."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def test_no_page_of_prices_loads_anything_of_foreign_data() -> None:
    pages = [f"finance_core.ui.{page}" for page in ("viewer.page", "comparison.page", "overview", "screener.page")]
    program = f"import sys, {', '.join(pages)}; print(*[name for name in sys.modules if 'finance_core.' in name])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert set(pages) <= set(loaded)
    assert [name for name in loaded if name.startswith("finance_core.foreign")] == []
