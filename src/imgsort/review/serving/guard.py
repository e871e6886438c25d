"""Lets only requests of the review's own page through, and says with each answer what a browser may do with it."""

import json
import secrets
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "X-Imgsort-Token"
DATA = "/api/"

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# What a browser says about where a request comes from (Fetch Metadata, W3C). `none`: a person typed the address.
_OWN_SITES = ("same-origin", "none")


class Guard:
    """Refuses requests that do not come from the review's page.

    `port`: of this server, on 127.0.0.1. A request for data or a change must carry the `token`. Another site cannot
    make a browser send such a request: it does not know the token, and its Origin and Sec-Fetch-Site give it away. A
    foreign name that leads to this machine (DNS rebinding) is known by its Host.
    """

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        self._app = app
        self._token = token.encode()
        names = ("127.0.0.1", "localhost")
        self._hosts = {f"{name}:{port}" for name in names} | ({*names} if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            return  # there are no web sockets here, and nothing that begins or ends with the server
        reason = self._wrong_with(scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if reason is None:
            await self._app(scope, receive, send_guarded)
        else:
            await _refuse(reason, send_guarded)

    def _wrong_with(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return "this address is not that of the review."
        if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in headers.getlist("origin")):
            return "the request comes from another page."
        if any(site.lower() not in _OWN_SITES for site in headers.getlist("sec-fetch-site")) and not _is_opening(
            scope, headers
        ):
            return "the request comes from another site."
        if scope["path"].startswith(DATA) and not self._has_token(headers.getlist(TOKEN_HEADER)):
            return "the request does not carry the key of this review. Open the address that imgsort printed."
        return None

    def _has_token(self, tokens: Iterable[str]) -> bool:
        tokens = list(tokens)
        return len(tokens) == 1 and secrets.compare_digest(tokens[0].encode(), self._token)


def _is_opening(scope: Scope, headers: Headers) -> bool:
    """Say whether a browser opens the page itself, which holds no data.

    The private file that leads to it is another site.
    """
    return (
        scope["method"] == "GET"
        and scope["path"] == "/"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


async def _refuse(reason: str, send: Send) -> None:
    body = json.dumps({"error": {"type": "Refused", "message": reason}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
