"""The door as an ASGI application: which messages of a visitor it hands on."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg

from finance_core.ui.door import Door

SCOPE = {
    "type": "websocket",
    "path": "/_stcore/stream",
    "client": ("192.168.0.7", 50_000),
    "headers": [(b"host", b"prices.lan:8501"), (b"origin", b"http://prices.lan:8501")],
}


def received(*messages: bytes) -> list[bytes]:
    """What an app behind the door gets of `messages`."""
    waiting = [{"type": "websocket.receive", "bytes": message} for message in messages]
    waiting.append({"type": "websocket.disconnect"})
    got: list[bytes] = []

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            got.append(message["bytes"])

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(_message: Any) -> None:
        raise AssertionError("the door says nothing itself")

    # In a thread of its own: a browser of other tests may keep a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(Door(app)(dict(SCOPE), receive, send))).result()
    return got


def test_nobody_clears_what_all_visitors_share_and_every_other_message_passes() -> None:
    rerun, clear = BackMsg(), BackMsg(clear_cache=True).SerializeToString()
    rerun.rerun_script.query_string = "lang=ko"
    run = rerun.SerializeToString()
    unknown_first = b"\xfa\xff\x0f\x00" + clear
    assert received(run, clear, unknown_first, run, b"", b"\xff") == [run, run, b"", b"\xff"]
