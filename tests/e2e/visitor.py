"""A visitor without a browser, who speaks to the app's websocket directly and is bound by nothing that a page shows."""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from google.protobuf.message import Message  # type: ignore[import-untyped]
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

CHART = "streamlit-echarts.streamlit_echarts"
"""The name of the component that draws."""
COMMAND = "sisepan_chart"
"""The name of the one that tells a chart what to show."""


class Visitor:
    """Whoever is at the other end of `connection`."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    def ask(
        self,
        page: str,
        *pressed: str,
        typed: Mapping[str, str] | None = None,
        json: Mapping[str, str] | None = None,
        query: str = "",
    ) -> None:
        """Ask for a run of `page` with the buttons of the ids `pressed`, inputs as `typed`, and values in `json`.

        `query` is what stands behind the ? of the address, beside the language.
        """
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = f"lang=ko&{query}"
        for widget, text in (typed or {}).items():
            message.rerun_script.widget_states.widgets.add(id=widget, string_value=text)
        for widget, text in (json or {}).items():
            message.rerun_script.widget_states.widgets.add(id=widget, json_value=text)
        for widget in pressed:
            message.rerun_script.widget_states.widgets.add(id=widget, trigger_value=True)
        self._connection.send(message.SerializeToString())

    def clear_cache(self) -> None:
        """Ask the app to forget what all visitors share."""
        self._connection.send(BackMsg(clear_cache=True).SerializeToString())

    def run(self, page: str, *pressed: str, **values: Any) -> list[ForwardMsg]:
        """`ask`, and what the app sent until that run was finished."""
        self.ask(page, *pressed, **values)
        sent: list[ForwardMsg] = []
        while not sent or not _ended(sent[-1]):
            sent.append(ForwardMsg.FromString(bytes(self._connection.recv(timeout=60))))
        return sent

    def stay(self, sent: list[ForwardMsg], seconds: float) -> int:
        """Be an open tab of the page that was `sent`: have its live parts drawn whenever they want to be.

        Returns how often any was.
        """
        parts = [message.auto_rerun for message in sent if message.HasField("auto_rerun")]
        start = time.monotonic()
        due = {part.fragment_id: start + part.interval for part in parts}
        drawn = 0
        while (now := time.monotonic()) < start + seconds:
            for part in parts:
                if due[part.fragment_id] <= now:
                    due[part.fragment_id] += part.interval
                    message = BackMsg()
                    message.rerun_script.fragment_id = part.fragment_id
                    message.rerun_script.is_auto_rerun = True
                    self._connection.send(message.SerializeToString())
                    drawn += 1
            next_due = min([*due.values(), start + seconds])
            with suppress(TimeoutError):
                self._connection.recv(timeout=max(0.001, next_due - time.monotonic()))
        return drawn


def _ended(message: ForwardMsg) -> bool:
    return message.HasField("script_finished") and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN


@contextmanager
def visit(
    address: str, headers: Mapping[str, str] | None = None, host: str = "", session: str = ""
) -> Iterator[Visitor]:
    """A connection to the app at `address`, asking for `host` and to go on with `session` where they are given."""
    where = urlsplit(address)
    with connect(
        f"ws://{host or where.hostname}:{where.port}/_stcore/stream",
        sock=socket.create_connection((where.hostname, where.port), timeout=30),
        subprotocols=[Subprotocol(part) for part in ("streamlit", "no-token", session) if part],
        additional_headers=headers,
        max_size=None,
        proxy=None,
    ) as connection:
        yield Visitor(connection)


def widgets(sent: list[ForwardMsg]) -> dict[str, str]:
    """The ids of all widgets that were sent, by their keys."""

    def ids(message: Message) -> Iterator[str]:
        for field, value in message.ListFields():
            if field.name == "id" and isinstance(value, str) and value.startswith("$$ID-"):
                yield value
            elif isinstance(value, Message):
                yield from ids(value)

    found = [widget for message in sent for widget in ids(message)]
    return {widget.split("-", 2)[2]: widget for widget in found}


def session_of(sent: list[ForwardMsg]) -> str:
    """The id of the visit, as a run begins with it."""
    (session,) = {message.new_session.initialize.session_id for message in sent if message.HasField("new_session")}
    return session


def buttons(sent: list[ForwardMsg]) -> dict[str, str]:
    """The ids of the buttons that were sent, by their keys."""
    ids = [message.delta.new_element.button.id for message in sent if message.delta.new_element.HasField("button")]
    return {widget.split("-", 2)[2]: widget for widget in ids}


def charts(sent: list[ForwardMsg]) -> list[str]:
    """The options of the charts that were sent."""
    components = [message.delta.new_element.bidi_component for message in sent]
    return [component.json for component in components if component.component_name == CHART]


def menu(sent: list[ForwardMsg]) -> list[str]:
    """The titles of the pages in the menu, as it was sent last."""
    menus = [message.navigation for message in sent if message.HasField("navigation")]
    return [page.page_name for page in menus[-1].app_pages] if menus else []
