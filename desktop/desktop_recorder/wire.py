"""HTTP calls and what their outcome means. URLs are secrets here: no message holds more of one than its host."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from desktop_recorder.errors import Misplaced, NotFound, RecorderError, Refused, Unreachable

_OFFSET_HEADERS = ("x-ms-blob-append-offset", "x-ms-blob-content-length")


@dataclass(frozen=True, slots=True)
class Reply:
    """A 2xx or 304. Header names are looked up without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Calls with kept connections, from any thread."""

    def __init__(self) -> None:
        """Every thread gets connections of its own at its first call."""
        self._local = threading.local()
        self._guard = threading.Lock()
        self._sessions: list[requests.Session] = []

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        json: object = None,
        timeout: tuple[float, float] = (3.0, 10.0),
    ) -> Reply:
        """Send and return the answer; Refused, NotFound, Misplaced or Unreachable for what is none."""
        try:
            answer = self._session().request(
                method,
                url,
                headers=dict(headers or {}),
                data=data,
                json=json,
                timeout=timeout,
                allow_redirects=False,
            )
        except (requests.RequestException, OSError, ValueError) as error:
            # The text of such an error holds the URL with its signature: its kind is enough.
            raise Unreachable(f"{host_of(url)}: {type(error).__name__}") from None
        if 200 <= answer.status_code < 300 or answer.status_code == 304:
            return Reply(answer.status_code, answer.headers, answer.content)
        raise _failure(url, answer)

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._guard:
            for session in self._sessions:
                session.close()
            self._sessions.clear()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            with self._guard:
                self._sessions.append(session)
        return session


def host_of(url: str) -> str:
    """Return what of a URL may be told: its host and port."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _failure(url: str, answer: requests.Response) -> RecorderError:
    code = answer.headers.get("x-ms-error-code", "")
    told = f"{host_of(url)}: {answer.status_code} {code}".rstrip()
    match answer.status_code:
        case 401 | 403:
            return Refused(told, code)
        case 404:
            return NotFound(told)
        case 409 | 412:
            offsets = [answer.headers[name] for name in _OFFSET_HEADERS if name in answer.headers]
            return Misplaced(told, next((int(text) for text in offsets if text.isdigit()), None))
        case _:
            return Unreachable(told)
