"""Checks every request before Streamlit answers it. `Door` is a middleware of the app.

Streamlit itself lets every visitor upload files without an uploader on a page, clear the caches that all visitors
share, and read its metrics; and it answers web pages from other ports of this machine.
"""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import streamlit as st
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.responses import PlainTextResponse
from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from finance_core import auth, settings
from finance_core.errors import SisepanError
from finance_core.ui import preload, vitals
from finance_core.ui.visitor import LOGIN

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = "127.0.0.1, ::1"
MOST_UPLOADED = 400 << 20
"""Bytes of all files that are uploaded and still in memory; Streamlit keeps them until their tab is closed."""

_proofs: dict[str, str] = {}
"""The proof of login (see `auth.proof`) of each admin whose page shows an uploader, by session."""


def file_uploader(*arguments: Any, **options: Any) -> Any:
    """`st.file_uploader` on an admin page. `Door` refuses uploads from sessions that do not call it."""
    run = get_script_run_ctx()
    if run is not None and runtime.exists():
        for session in [session for session in _proofs if not runtime.get_instance().is_active_session(session)]:
            del _proofs[session]
        _proofs[run.session_id] = st.session_state.get(LOGIN, "")
    return st.file_uploader(*arguments, **options)


def end_uploads() -> None:
    """Refuse further uploads of the visitor, who logs out."""
    run = get_script_run_ctx()
    if run is not None:
        _proofs.pop(run.session_id, None)


class Door:
    """An ASGI application around `app`."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app
        self._uploading = 0
        """Bytes of the uploads in progress."""

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request, or pass it to the app."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if scope["client"]:
            host, port = scope["client"]
            scope["client"] = (str(auth.parse(host) or host), port)
        answer = self._websocket if scope["type"] == "websocket" else self._http
        inner: Any = answer
        await ProxyHeadersMiddleware(inner, _trusted_proxies())(scope, receive, send)  # type: ignore[arg-type]

    async def _websocket(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if not auth.is_same_origin(_headers(scope)):
            await send({"type": "websocket.close", "code": 1008})
            return

        async def receive_allowed() -> "Message":
            while True:
                message = await receive()
                if not _clears_cache(message.get("bytes")):
                    return message

        with vitals.visitor():
            await self._app(scope, receive_allowed, send)

    async def _http(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        path = PurePosixPath(scope["path"])
        if path.match("_stcore/metrics") and not _is_at_the_machine(scope):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
        elif scope["method"] == "PUT" and path.match("_stcore/upload_file/*/*"):
            await self._upload(path.parent.name, scope, receive, send)
        elif scope["method"] == "GET" and preload.is_viewer(scope["path"]):
            await self._app(scope, receive, preload.announcing(send))
        else:
            await self._app(scope, receive, send)

    async def _upload(self, session: str, scope: "Scope", receive: "Receive", send: "Send") -> None:
        length = dict(_headers(scope)).get("content-length", "")
        if not _may_upload(session, scope):
            await PlainTextResponse("Forbidden", 403)(scope, receive, send)
        elif not length.isdecimal():  # the header is missing: a body of unknown length
            await PlainTextResponse("Length Required", 411)(scope, receive, send)
        elif _uploaded() + self._uploading + int(length) > MOST_UPLOADED:
            await PlainTextResponse("Too much is uploaded already", 413)(scope, receive, send)
        else:
            self._uploading += int(length)
            try:
                await self._app(scope, receive, send)
            finally:
                self._uploading -= int(length)


def _trusted_proxies() -> str:
    """The setting TRUSTED_PROXY: addresses or networks, separated by commas, whose X-Forwarded-For is believed."""
    try:
        return settings.get("TRUSTED_PROXY", LOOPBACK)
    except SisepanError:  # the pages show the error in the settings
        return LOOPBACK


def _headers(scope: "Scope") -> list[tuple[str, str]]:
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]


def _address(scope: "Scope") -> str | None:
    return scope["client"][0] if scope["client"] else None


def _is_at_the_machine(scope: "Scope") -> bool:
    return auth.is_at_the_machine(_address(scope), _headers(scope))


def _may_upload(session: str, scope: "Scope") -> bool:
    try:
        password = settings.get("ADMIN_PASSWORD")
    except SisepanError:
        return False
    if password:
        return auth.is_proof(_proofs.get(session), password, _address(scope))
    return session in _proofs and _is_at_the_machine(scope)


def _uploaded() -> int:
    """Bytes of all files that are uploaded and still in memory."""
    files: Any = runtime.get_instance().uploaded_file_mgr
    return sum(len(file.data) for of_session in list(files.file_storage.values()) for file in list(of_session.values()))


def _clears_cache(message: bytes | None) -> bool:
    """Whether a visitor's message asks Streamlit to clear the caches of all visitors. Only the app itself may do so."""
    try:
        return message is not None and BackMsg.FromString(message).HasField("clear_cache")
    except DecodeError:  # Streamlit ends the connection
        return False
