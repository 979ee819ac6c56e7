"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

from finance_core import bars, charts, spreadsheets

MODULES = [importlib.import_module(f"{package.__name__}.{module.name}") for package in (bars, charts)
           for module in pkgutil.iter_modules(package.__path__)]  # fmt: skip


@pytest.mark.parametrize("module", [*MODULES, spreadsheets], ids=lambda module: module.__name__)
def test_the_examples_of_a_module_run(module: ModuleType) -> None:
    """What the docstring of the module itself defines is there for the examples of its functions."""
    runner = doctest.DocTestRunner()
    defined: dict[str, object] = {}
    for test in sorted(doctest.DocTestFinder().find(module), key=lambda test: test.name != module.__name__):
        test.globs.update(defined)
        runner.run(test, clear_globs=False)
        if test.name == module.__name__:
            defined = test.globs
    assert runner.summarize(verbose=False).attempted > 0
    assert runner.summarize(verbose=False).failed == 0
