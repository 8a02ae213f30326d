"""Calls of the Dataverse Web API: headers, renewal of the token, the node's pause, paging. Knows no table.

Microsoft Learn: "Compose HTTP requests and handle errors", "Page results using OData".
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from capture.errors import Permanent, Transient
from capture.omnichannel.pause import Pause
from capture.omnichannel.refusal import DEFAULT_PAUSE_SECONDS, refused, retry_after
from capture.omnichannel.rows import Row
from capture.omnichannel.tokens import Tokens
from capture.omnichannel.transport import unreachable, was_idle_too_long
from capture.settings import Settings

LARGEST_PAGE = 5000

_SUCCESS = (200, 201, 204, 206)
_MADE = re.compile(r"\(([0-9a-fA-F-]{36})\)$")

_HEADERS = {
    "Accept": "application/json",
    "OData-MaxVersion": "4.0",
    "OData-Version": "4.0",
    "If-None-Match": "null",  # or expanded collections may come from a cache
}
_ANNOTATIONS = "OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname"


class WebApi:
    """One organisation's Web API as this node's application user. Threads may share it.

    Raises Waiting (429 or paused), Transient, Unauthorized, and Permanent or its kind Missing.
    """

    def __init__(self, settings: Settings, tokens: Tokens, pause: Pause, http: requests.Session) -> None:
        self._root = f"{settings.dynamics_url}/api/data/{settings.dynamics_api_version}/"
        self._origin = _origin(settings.dynamics_url)
        self._tokens = tokens
        self._pause = pause
        self._http = http

    def get(self, path: str) -> Row:
        """Read one JSON document."""
        return self._document(self._root + path, {}, _named(path))

    def pages(self, path: str, page_size: int = LARGEST_PAGE) -> Iterator[list[Row]]:
        """Read a collection page by page, each page when it is asked for."""
        what = _named(path)
        # Sent with every page: the link to the next one does not carry it.
        prefer = {"Prefer": f'odata.maxpagesize={page_size},odata.include-annotations="{_ANNOTATIONS}"'}
        url: str | None = self._root + path
        while url is not None:
            document = self._document(url, prefer, what)
            rows = document.get("value")
            if not isinstance(rows, list):
                raise Transient(f"{what}: the answer of Dynamics is no collection")
            yield [row for row in rows if isinstance(row, dict)]
            url = self._next(document, what)

    def open(self, path: str, headers: Mapping[str, str]) -> requests.Response:
        """Start reading bytes: an open response of status 200, 204 or 206, which the caller closes."""
        return self._call(_Request("GET", self._root + path, headers, stream=True), _named(path))

    def create(self, entity_set: str, row: Row) -> str:
        """Create a row and return its id. Not repeated by itself: a Transient may leave the row there."""
        response = self._call(_Request("POST", self._root + entity_set, {}, row), entity_set)
        made = _MADE.search(response.headers.get("OData-EntityId", ""))
        if made is None:
            raise Transient(f"{entity_set}: the answer of Dynamics does not name the new row")
        return made[1].lower()

    def change(self, path: str, columns: Row) -> None:
        """Change columns of one row; Missing if it is not there."""
        # Without If-Match a row that is not there would be created.
        self._call(_Request("PATCH", self._root + path, {"If-Match": "*"}, columns), _named(path))

    def delete(self, path: str) -> None:
        """Delete one row; Missing if it is not there."""
        self._call(_Request("DELETE", self._root + path, {}), _named(path))

    def _document(self, url: str, headers: Mapping[str, str], what: str) -> Row:
        response = self._call(_Request("GET", url, headers), what)
        try:
            document = json.loads(response.content)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise Transient(f"{what}: the answer of Dynamics is not JSON")
        return document

    def _next(self, document: Row, what: str) -> str | None:
        link = document.get("@odata.nextLink")
        if link is None:
            return None
        # The token goes with it, so it must not lead anywhere else.
        if not isinstance(link, str) or _origin(link) != self._origin:
            raise Permanent(f"{what}: the link to the next page leads away from DYNAMICS_URL")
        return link

    def _call(self, request: "_Request", what: str) -> requests.Response:
        self._pause.check()
        token = self._tokens.get()
        response = self._sent(request, token, what)
        if response.status_code == 401:
            response.close()
            response = self._sent(request, self._tokens.renew(token), what)
        if response.status_code == 429:
            self._pause.begin(retry_after(response) or DEFAULT_PAUSE_SECONDS)
        if response.status_code not in _SUCCESS:
            raise refused(response, what)
        return response

    def _sent(self, request: "_Request", token: str, what: str, *, again: bool = True) -> requests.Response:
        try:
            response = self._http.request(
                request.method,
                request.url,
                headers={**_HEADERS, **request.headers},
                json=request.body,
                auth=_Bearer(token),
                stream=request.stream,
                allow_redirects=False,
            )
            if response.status_code not in _SUCCESS:
                _ = response.content  # the error text, read here where a cut connection is caught
        except requests.RequestException as error:
            if again and request.method != "POST" and was_idle_too_long(error):
                return self._sent(request, token, what, again=False)
            raise unreachable(error, f"{what}: Dynamics") from None
        return response


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: Row | None = None
    stream: bool = False


class _Bearer(requests.auth.AuthBase):
    # As `auth`, not as a header: a .netrc file in the environment would replace the header.
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _named(path: str) -> str:
    # Enough to know which call it was, without the ids and filters in it.
    return path.partition("?")[0].partition("(")[0]


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port
