"""What a page loads: opening a chart must not wait for the code that reads other people's data."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "page",
    [
        "finance_core.ui.viewer.page",
        "finance_core.ui.comparison.page",
        "finance_core.ui.overview",
        "finance_core.ui.screener.page",
    ],
)
def test_a_page_of_prices_loads_nothing_of_foreign_data(page: str) -> None:
    program = f"import sys, {page}; print(*[name for name in sys.modules if name.startswith('finance_core.')])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert page in loaded
    assert [name for name in loaded if name.startswith("finance_core.foreign")] == []
