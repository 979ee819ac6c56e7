"""What must never be in a log: passwords, those of the database and of the admin, and sessions, which stand for one."""

from pathlib import Path

import pytest

from finance_core.mongod.server import EmbeddedMongod
from finance_core.storage.database import MongoDatabase
from tests.e2e.conftest import Start
from tests.e2e.test_login import PASSWORD, log_in
from tests.e2e.visitor import session_of, visit
from tests.processes import start_update

pytestmark = pytest.mark.slow

TYPED = "Typed-By-Mistake7"
OF_DATABASE = "Of-The-Datab4se"


def test_no_password_and_no_session_is_in_any_log(
    own_server_db: MongoDatabase,
    shared_server: EmbeddedMongod,
    own_app: Start,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    right = own_app(log=tmp_path / "right")
    # The server asks for no password, and so refuses this one.
    monkeypatch.setenv("MONGO_URI", shared_server.uri.replace("://", f"://sisepan:{OF_DATABASE}@"))
    wrong = own_app(log=tmp_path / "wrong")
    failed = start_update()
    told = "".join(failed.communicate(timeout=60))

    sessions = []
    for address in (right, wrong):
        with visit(address) as visitor:
            sent = visitor.run("login")
            sessions.append(session_of(sent))
            visitor.run("admin_updates")
            if address == right:  # without a database each page takes long, and below are a chart and the overview
                for page in ("", "korean_stocks", "comparison"):
                    visitor.run(page)
            # What no browser sends, so that a stray error is logged with the values at hand.
            visitor.run("korean_stocks", json={"$$ID-0-x": f"{{{TYPED}"})
            if address == right:
                assert not log_in(visitor, visitor.run("login"), TYPED)
                assert log_in(visitor, visitor.run("login"), PASSWORD)
        # Another tab that asks to go on with that session.
        with visit(address, session=sessions[-1]) as visitor:
            sessions.append(session_of(visitor.run("overview")))

    logs = {path: path.read_text(errors="replace") for path in (data_dir / "log").iterdir()}
    logs |= {path: path.read_text(errors="replace") for path in (tmp_path / "right", tmp_path / "wrong")}
    assert {"app.log", "update.log"} <= {path.name for path in logs}
    everything = "\n".join([*logs.values(), told])
    assert "a wrong admin password" in everything
    assert "MongoDB failed" in everything, "the refused password of the database has left a line"
    for secret in (PASSWORD, TYPED, OF_DATABASE, *sessions):
        assert secret not in everything, [path.name for path, text in logs.items() if secret in text]
