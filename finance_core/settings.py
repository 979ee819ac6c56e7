"""Settings of an installation: the environment first, then `.streamlit/secrets.toml`.

Read without streamlit, so that the app and the commands started beside it always agree. Known names: MONGO_URI,
FINANCE_DB, FINANCE_DATA_DIR, ADMIN_PASSWORD.
"""

import os
import tomllib
from pathlib import Path

from finance_core.errors import DatabaseMisconfigured
from finance_core.i18n import N_

PROJECT_DIR = Path(__file__).resolve().parent.parent
SECRETS_FILE = PROJECT_DIR / ".streamlit" / "secrets.toml"


def get(name: str, default: str = "") -> str:
    """The setting `name`, or `default` where it is not set or empty.

    Raises DatabaseMisconfigured where secrets.toml is not valid TOML (the message holds no value from it).
    """
    return os.environ.get(name, "").strip() or str(_secrets().get(name, "")).strip() or default


def data_dir() -> Path:
    """The directory for this installation's own files (the embedded database, caches), absolute.

    FINANCE_DATA_DIR may begin with ~, or be relative to the project: the app and a command started from elsewhere must
    mean the same directory.
    """
    return (PROJECT_DIR / Path(get("FINANCE_DATA_DIR", "data")).expanduser()).resolve()


def _secrets() -> dict[str, object]:
    try:
        return tomllib.loads(SECRETS_FILE.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise DatabaseMisconfigured(
            N_("설정 파일 {file}을 읽을 수 없습니다. TOML 형식인지 확인하십시오."), file=".streamlit/secrets.toml"
        ) from None  # what the parser says may quote the file, passwords among it
