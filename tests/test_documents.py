"""README, CONTRIBUTING and docs/ tell the truth: commands have the options they show, links lead somewhere."""

import re
import runpy
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")]
HEADINGS = ["Start", "Your own MongoDB", "Sharing on the LAN", "Updating", "Speed", "Layout", "Licence"]


def commands() -> Iterator[list[str]]:
    """The words after `python` of every command line in a block of shell commands, without its comment."""
    for document in DOCUMENTS:
        for block in re.findall(r"```sh\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL):
            for part in re.split(r"\n|&&", block):
                words = shlex.split(part, comments=True)
                if words and words[0].endswith("bin/python"):
                    yield words[1:]


COMMANDS = sorted({tuple(words) for words in commands()})


@pytest.fixture
def kept_signals() -> Iterator[None]:
    """A command sets what Ctrl-C does; the test run needs it as it was."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("kept_signals", "data_dir")
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_that_a_document_names_exists_and_has_its_options(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    flag, module, *arguments = words
    assert flag == "-m"
    if module == "pytest":
        named = [argument for argument in arguments if argument.startswith("tests")]
        assert all((PROJECT / path.partition("::")[0]).exists() for path in named)
        return
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    monkeypatch.delitem(sys.modules, module, raising=False)  # another test may have imported it
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__")
    assert ended.value.code == 0
    known = capsys.readouterr().out
    options = [argument.partition("=")[0] for argument in arguments if argument.startswith("--")]
    assert [option for option in options if option not in known] == []


def test_the_documents_name_every_command() -> None:
    """Every module that can be run as a command stands in some document."""
    files = [*PROJECT.glob("updaters/*.py"), *PROJECT.glob("finance_core/*.py")]
    runnable = {f"{file.parent.name}.{file.stem}" for file in files if "__main__" in file.read_text(encoding="utf-8")}
    assert runnable <= {words[1] for words in COMMANDS}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_readme_is_short_and_in_order() -> None:
    lines = (PROJECT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == HEADINGS
