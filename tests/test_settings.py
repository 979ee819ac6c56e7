"""Settings: the environment first, then secrets.toml."""

from pathlib import Path

import pytest

from finance_core import settings
from finance_core.errors import DatabaseMisconfigured

NAME = "FINANCE_TEST_SETTING"


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where secrets.toml of an installation of the test's own would be; nothing is there yet, nothing is set."""
    path = tmp_path / "secrets.toml"
    monkeypatch.setattr(settings, "SECRETS_FILE", path)
    monkeypatch.delenv(NAME, raising=False)
    monkeypatch.delenv("FINANCE_DATA_DIR", raising=False)
    return path


def test_a_setting_is_its_default_where_nobody_sets_it(secrets: Path) -> None:
    assert settings.get(NAME) == ""
    assert settings.get(NAME, "default") == "default"
    secrets.write_text("OTHER = 1")
    assert settings.get(NAME, "default") == "default"


def test_the_environment_goes_before_the_file(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets.write_text(f'{NAME} = " from the file "')
    assert settings.get(NAME, "default") == "from the file"
    monkeypatch.setenv(NAME, " from the environment ")
    assert settings.get(NAME, "default") == "from the environment"


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_setting_is_not_set(secrets: Path, monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    monkeypatch.setenv(NAME, empty)
    secrets.write_text(f'{NAME} = "file"')
    assert settings.get(NAME) == "file"
    secrets.write_text(f'{NAME} = "{empty}"')
    assert settings.get(NAME, "default") == "default"


def test_a_change_of_the_file_is_seen_at_once(secrets: Path) -> None:
    for value in ("one", "two"):
        secrets.write_text(f'{NAME} = "{value}"')
        assert settings.get(NAME) == value


def test_a_number_reads_as_text(secrets: Path) -> None:
    secrets.write_text(f"{NAME} = 27017")
    assert settings.get(NAME) == "27017"


def test_hangul_and_the_byte_order_mark_of_windows_are_understood(secrets: Path) -> None:
    secrets.write_text(f'# 설정\n{NAME} = "시세판"', encoding="utf-8-sig")
    assert settings.get(NAME) == "시세판"


BROKEN = {
    "no quotes": b"MONGO_URI = mongodb://user:secret@host",
    "an open quote": b'MONGO_URI = "mongodb://user:secret@host',
    "the same twice": b'secret = "secret"\nsecret = "secret"',
    "another encoding": 'MONGO_URI = "비밀 secret"'.encode("cp949"),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_in_a_sentence_without_anything_of_its_content(secrets: Path, content: bytes) -> None:
    secrets.write_bytes(content)
    with pytest.raises(DatabaseMisconfigured) as caught:
        settings.get(NAME)

    assert ".streamlit/secrets.toml" in str(caught.value)
    assert "secret@" not in str(caught.value)
    assert "secret" not in str(caught.value).replace("secrets.toml", "")
    assert caught.value.__cause__ is None  # a log would quote it otherwise


def test_a_broken_file_does_not_matter_where_the_environment_says_all(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.write_text("broken")
    monkeypatch.setenv(NAME, "set")
    assert settings.get(NAME) == "set"


def test_the_data_directory_is_the_projects_own_where_nobody_sets_it() -> None:
    assert settings.data_dir() == settings.PROJECT_DIR / "data"


def test_the_data_directory_is_the_same_from_wherever_the_command_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for setting, directory in [
        (str(tmp_path / "prices"), tmp_path / "prices"),
        (str(tmp_path / "a" / ".." / "b"), tmp_path / "b"),
        ("~/prices", tmp_path / "home" / "prices"),
        ("prices", settings.PROJECT_DIR / "prices"),
        ("../prices", settings.PROJECT_DIR.parent / "prices"),
    ]:
        monkeypatch.setenv("FINANCE_DATA_DIR", setting)
        assert settings.data_dir() == directory
