"""A visitor without a browser, who speaks to the app's websocket directly and is bound by nothing that a page shows."""

import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol


class Visitor:
    """A connection to the app at `address`, as if it were called `host`; takes up the visit `session` if one is given."""

    def __init__(
        self, address: str, headers: Mapping[str, str] | None = None, host: str = "", session: str = ""
    ) -> None:
        where = urlsplit(address)
        self.session = session
        self._socket = connect(
            f"ws://{host or where.hostname}:{where.port}/_stcore/stream",
            sock=socket.create_connection((where.hostname, where.port), timeout=30),
            subprotocols=[Subprotocol(part) for part in ("streamlit", "no-token", session) if part],
            additional_headers=headers,
            max_size=None,
            proxy=None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def ask(self, page: str, *pressed: str, typed: Mapping[str, str] | None = None) -> None:
        """Ask for a run of `page` with the buttons of the ids `pressed` and the inputs as `typed`."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = "lang=ko"
        for widget, text in (typed or {}).items():
            message.rerun_script.widget_states.widgets.add(id=widget, string_value=text)
        for widget in pressed:
            message.rerun_script.widget_states.widgets.add(id=widget, trigger_value=True)
        self._socket.send(message.SerializeToString())

    def run(self, page: str, *pressed: str, typed: Mapping[str, str] | None = None) -> list[ForwardMsg]:
        """`ask`, and what the app sent until that run was finished."""
        self.ask(page, *pressed, typed=typed)
        sent: list[ForwardMsg] = []
        while not sent or sent[-1].WhichOneof("type") != "script_finished":
            sent.append(ForwardMsg.FromString(self._socket.recv(timeout=60)))
            if sent[-1].HasField("new_session"):
                self.session = sent[-1].new_session.initialize.session_id
        return sent


def buttons(sent: list[ForwardMsg]) -> dict[str, str]:
    """The ids of the buttons that were sent, by their keys."""
    ids = [message.delta.new_element.button.id for message in sent if message.delta.new_element.HasField("button")]
    return {widget.split("-", 2)[2]: widget for widget in ids}


def text_of(sent: list[ForwardMsg]) -> str:
    """Everything that was sent, as text."""
    return "\n".join(
        str(message).encode("latin-1", "backslashreplace").decode("unicode_escape", "replace") for message in sent
    )
