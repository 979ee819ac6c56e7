"""Commands of the product in the process of the tests: each of a hundred runs need not load the product again."""

import contextlib
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CommandResult:
    """What one run of a command left behind."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        assert self.out.count("\n") == 1, self.out
        return dict(json.loads(self.out))


def run_here(main: Callable[[Sequence[str]], int], *arguments: object) -> CommandResult:
    """Run `main` with these arguments as somebody does who cannot be asked: standard input is no terminal."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _nobody_to_ask(), log_of_its_own():
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:  # argparse, of wrong use
            code = int(end.code or 0)
    return CommandResult(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _nobody_to_ask() -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO()
    try:
        yield
    finally:
        sys.stdin = before


@contextlib.contextmanager
def log_of_its_own() -> Iterator[None]:
    """The command sets up the log of its process: here as in a process that has none yet."""
    root, raises = logging.getLogger(), logging.raiseExceptions
    handlers, root.handlers, level = root.handlers, [], root.level
    try:
        yield
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers = handlers
        root.setLevel(level)
        logging.raiseExceptions = raises
