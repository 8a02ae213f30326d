"""HTTP sessions: a time-out on every call, a certificate bundle of one's own, no cookies. Knows no Dataverse."""

import logging
from collections.abc import Mapping
from http.client import RemoteDisconnected
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ProtocolError

from capture.errors import Transient

POOL_SIZE = 16
"""Connections kept to one host: as many as the threads that a Functions worker is given."""

CONNECT_SECONDS = 10.0
"""A host that is there answers sooner; waiting longer only holds a thread."""


class TimedAdapter(HTTPAdapter):
    """Sends every request with time-outs, and with the given certificate bundle when there is one."""

    def __init__(self, timeout: float, ca_bundle: str | None) -> None:
        self._timeouts = (min(CONNECT_SECONDS, timeout), timeout)
        self._ca_bundle = ca_bundle
        super().__init__(pool_connections=4, pool_maxsize=POOL_SIZE)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send with this adapter's time-outs and bundle."""
        # The session lets REQUESTS_CA_BUNDLE override its own `verify`; here, at the last step, nothing does.
        # Without a bundle of one's own the company's, from the environment, holds.
        verify = self._ca_bundle or verify
        return super().send(request, stream, timeout or self._timeouts, verify, cert, proxies)


def session(timeout: float, ca_bundle: str | None = None) -> requests.Session:
    """Make a session that threads may share. Proxies and certificates of the environment are honoured."""
    made = requests.Session()
    for scheme in ("https://", "http://"):
        made.mount(scheme, TimedAdapter(timeout, ca_bundle))
    # The affinity cookie would tie all calls to one web server, whose protection limits are its own
    # (Microsoft Learn, "Send parallel requests", server affinity).
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Its debug lines hold whole addresses, and the address of a download is a secret.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
    return made


def unreachable(error: Exception, whom: str) -> Transient:
    """Say that nobody answered. Only the kinds of failure are told: the texts hold whole addresses."""
    kinds = [type(error).__name__]
    cause = error.args[0] if error.args else None
    while isinstance(cause, Exception) and len(kinds) < 4:
        kinds.append(type(cause).__name__)
        cause = getattr(cause, "reason", None) or next((arg for arg in cause.args if isinstance(arg, Exception)), None)
    return Transient(f"{whom} cannot be reached ({', '.join(dict.fromkeys(kinds))})")


def was_idle_too_long(error: Exception) -> bool:
    """Tell whether a kept connection had been closed by the other side: then the same request may go again at once."""
    cause = error.args[0] if error.args else None
    if not isinstance(cause, ProtocolError):
        return False
    return any(isinstance(arg, RemoteDisconnected | ConnectionResetError | BrokenPipeError) for arg in cause.args)
