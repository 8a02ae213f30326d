"""The HTTP session under Azure's libraries: connections kept open, and nothing done twice.

Azure's pipeline hands down finished requests. What requests would do to each of them again (read proxies and
certificates from the environment, normalise the address, look for passwords and cookies) is a fifth of the processor
time of a call.
"""

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

_PLAIN = {"headers", "data", "files", "verify", "timeout", "cert", "allow_redirects", "proxies", "stream"}


class StoreSession(requests.Session):
    """A session for one store. Proxies and certificates of the environment are honoured as they are at the first call.

    Requests that are not plain (streamed bodies, forms, redirects) take the ordinary way.
    """

    def __init__(self, connections: int) -> None:
        """Keep up to `connections` connections open to the store."""
        super().__init__()
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=connections)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self._surroundings: dict[tuple[str, object], dict[str, Any]] = {}

    def request(  # the arguments are those of requests
        self,
        method: str | bytes,
        url: str | bytes,
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> requests.Response:
        """Send a finished request as it is."""
        body = kwargs.get("data")
        plain = (
            isinstance(method, str)
            and isinstance(url, str)
            and (body is None or isinstance(body, (bytes, str)))
            and not (args or kwargs.get("files") or kwargs.get("allow_redirects", True) or kwargs.keys() - _PLAIN)
        )
        if not plain:
            return super().request(method, url, *args, **kwargs)
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = str(method), str(url)
        prepared.headers = requests.structures.CaseInsensitiveDict(kwargs.get("headers") or {})
        # An empty body counts as none, otherwise it would be sent in chunks.
        prepared.body = body or None
        if "Content-Length" not in prepared.headers:
            prepared.prepare_content_length(prepared.body)
        around = self._around(prepared.url, kwargs.get("verify"))
        stream = bool(kwargs.get("stream"))
        response = self.get_adapter(prepared.url).send(
            prepared,
            stream=stream,
            timeout=kwargs.get("timeout"),
            verify=around["verify"],
            cert=kwargs.get("cert") or around["cert"],
            proxies=kwargs.get("proxies") or around["proxies"],
        )
        if not stream:
            # Reading the body here gives the connection back.
            _ = response.content
        return response

    def _around(self, url: str, verify: Any) -> dict[str, Any]:  # noqa: ANN401  True, False or a path
        key = (urlsplit(url).netloc, verify)
        found = self._surroundings.get(key)
        if found is None:
            found = dict(self.merge_environment_settings(url, {}, None, verify, None))
            self._surroundings[key] = found
        return found
