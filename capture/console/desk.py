"""The console's paths: the page and its parts, and what it asks for. One rule of access for all of them."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from capture.console.access import Access, Visitor, same_origin
from capture.console.answer import Answer, answer
from capture.console.conversation import ConversationView, conversation_key
from capture.console.finding import Search
from capture.console.glance import Glance
from capture.console.media import Media
from capture.errors import Absent, Stranger
from capture.events import Event, emit

_PAGE = Path(__file__).parent / "page"
_KINDS = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the path below /api/console, without slashes around it."""

    method: str
    path: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Console:
    """Answers everything below `/api/console`.

    `more` are further paths (such as `recovery` and `verification`), each with what answers it: they come under the
    same rule, and the page copes without them.
    """

    access: Access
    glance: Glance
    search: Search
    conversations: ConversationView
    media: Media
    more: Mapping[str, Callable[[Asked], object]] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Answer:
        """Answer a request; 401 says why who asks may not."""
        said = answer(lambda: self._answer(asked))
        cached = {"Cache-Control": "no-store"} if "Cache-Control" not in said.headers else {}
        return Answer(said.status, said.body, said.media_type, {**_ALWAYS, **cached, **said.headers})

    def recording(self, recording_id: str, at: str) -> dict[str, object]:
        """Show one recording of that id and `created_on` with its conversation. Absent: there is none."""
        view = self.conversations.read(conversation_key(self.media.entry(recording_id, at)))
        return {**view, "recordings": [each for each in view["recordings"] if each["id"] == recording_id]}

    def audio(self, recording_id: str, asked: Asked) -> Answer:
        """Give a piece of a recording to a holder of the node's host key; that, too, is kept."""
        wanted = asked.headers.get("range", "")
        return self.media.read(recording_id, asked.query.get("at", ""), wanted, Visitor("host-key", "the host key"))

    def _answer(self, asked: Asked) -> object:
        if asked.path == "" and (place := self.access.sign_in(asked.headers)) is not None:
            return Answer(302, "", headers={"Location": place})
        try:
            visitor = self.access.visitor(asked.url, asked.headers)
            if asked.method not in ("GET", "HEAD"):
                same_origin(asked.headers)
        except Stranger as error:
            emit(Event.VISITOR_REFUSED, logging.WARNING, path=asked.path.partition("/")[0], why=error)
            raise
        return self._admitted(asked, visitor)

    def _admitted(self, asked: Asked, visitor: Visitor) -> object:
        what, _, which = asked.path.partition("/")
        if what in self.more:
            return self.more[what](asked)
        if asked.method not in ("GET", "HEAD"):
            raise Absent("this is not available on this version of the node")
        match what:
            case "pair":
                return self.glance.read()
            case "search":
                return self.search.run(asked.query)
            case "conversations":
                return self.conversations.read(which)
            case "media":
                wanted = asked.headers.get("range", "")
                return self.media.read(which, asked.query.get("at", ""), wanted, visitor)
            case _:
                return _file(asked.path or "index.html")


def _file(name: str) -> Answer:
    """Give a file of the page; only those that are there when the folder is listed, so no path leads out of it."""
    found = {path.name: path for path in _PAGE.iterdir() if path.suffix in _KINDS}
    if name not in found:
        raise Absent("this is not available on this version of the node")
    return Answer(200, found[name].read_bytes(), _KINDS[found[name].suffix], {"Cache-Control": "no-cache"})
