"""Settings of an installation: the environment first, then `.streamlit/secrets.toml`.

Read without Streamlit, so that the app and the commands always agree. Known names: MONGO_URI, FINANCE_DB,
FINANCE_DATA_DIR, FINANCE_QUOTES (off: updates ask for the chart of every ticker), ADMIN_PASSWORD, TRUSTED_PROXY,
SMTP_URL and SMTP_FROM (the mail server of alerts, and their sender).
Choices that all processes share are in MongoDB (see `storage.documents.CHOICES`).
"""

import os
import tomllib
from pathlib import Path

from finance_core.errors import DatabaseMisconfigured
from finance_core.i18n import N_

PROJECT_DIR = Path(__file__).resolve().parent.parent
SECRETS_FILE = PROJECT_DIR / ".streamlit" / "secrets.toml"


def get(name: str, default: str = "") -> str:
    """The setting `name`, or `default` if it is not set or empty.

    Raises DatabaseMisconfigured if secrets.toml is not valid TOML; the message holds no value from it.
    """
    return os.environ.get(name, "").strip() or str(_secrets().get(name, "")).strip() or default


def data_dir() -> Path:
    """Absolute path of this installation's own files: the embedded database, logs, caches.

    FINANCE_DATA_DIR may begin with ~. A relative path starts at the project, so that the app and a command that was
    started elsewhere mean the same directory.
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
        ) from None  # the parser's message may quote a password in the file
