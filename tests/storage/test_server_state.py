"""What the server of the database tells of itself."""

from finance_core.storage import server_state
from finance_core.storage.database import MongoDatabase


def test_the_server_tells_its_version_the_size_of_the_database_and_the_free_disk(db: MongoDatabase) -> None:
    before = server_state.read(db)
    db["bars"].insert_many([{"text": f"{number}" * 200} for number in range(2_000)])
    db.client.admin.command("fsync")
    after = server_state.read(db)

    assert (after.version, after.members, after.database) == (db.client.server_info()["version"], 1, db.name)
    assert after.size > before.size
    assert after.free is not None
    assert after.free > 1 << 20
