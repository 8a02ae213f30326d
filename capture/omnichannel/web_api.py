"""Calls of the Dataverse Web API: headers, renewal of the token, the node's pause, paging. Knows no table.

Microsoft Learn: "Compose HTTP requests and handle errors", "Page results using OData".
"""

import json
from collections.abc import Iterator, Mapping
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
        return self._call(self._root + path, headers, _named(path), stream=True)

    def _document(self, url: str, headers: Mapping[str, str], what: str) -> Row:
        response = self._call(url, headers, what, stream=False)
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

    def _call(self, url: str, headers: Mapping[str, str], what: str, *, stream: bool) -> requests.Response:
        self._pause.check()
        token = self._tokens.get()
        response = self._sent(url, headers, token, what, stream=stream)
        if response.status_code == 401:
            response.close()
            response = self._sent(url, headers, self._tokens.renew(token), what, stream=stream)
        if response.status_code == 429:
            self._pause.begin(retry_after(response) or DEFAULT_PAUSE_SECONDS)
        if response.status_code not in (200, 204, 206):
            raise refused(response, what)
        return response

    def _sent(
        self, url: str, headers: Mapping[str, str], token: str, what: str, *, stream: bool, again: bool = True
    ) -> requests.Response:
        try:
            response = self._http.get(
                url,
                headers={**_HEADERS, **headers},
                auth=_Bearer(token),
                stream=stream,
                allow_redirects=False,
            )
            if response.status_code not in (200, 204, 206):
                _ = response.content  # the error text, read here where a cut connection is caught
        except requests.RequestException as error:
            if again and was_idle_too_long(error):
                return self._sent(url, headers, token, what, stream=stream, again=False)
            raise unreachable(error, f"{what}: Dynamics") from None
        return response


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
