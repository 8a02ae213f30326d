"""Access tokens of this node's own app registration, from Entra. MSAL fetches them, this module keeps and judges."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msal  # type: ignore[import-untyped]
import requests

from capture.errors import CaptureError, Transient, Unauthorized
from capture.omnichannel.refusal import retry_after
from capture.omnichannel.transport import unreachable
from capture.ports import Clock
from capture.settings import Settings

_AHEAD_SECONDS = 300.0
"""A token is renewed this long before it ends, a short one at half its life."""

_AGAIN_SECONDS = 10.0
"""A refusal is repeated to everybody for so long before Entra is asked again."""

_SPARE_SECONDS = 30.0
"""With Entra down the old token serves until this long before its end."""

# Microsoft Learn, "Microsoft Entra authentication and authorization error codes".
_REASONS = {
    "7000215": "DYNAMICS_CLIENT_SECRET: Entra says that the client secret is wrong",
    "7000222": "DYNAMICS_CLIENT_SECRET: Entra says that the client secret has expired",
    "7000218": "DYNAMICS_CLIENT_SECRET: Entra says that there is no client secret",
    "700016": "DYNAMICS_CLIENT_ID: Entra knows no such application in this tenant",
    "700213": "DYNAMICS_IDENTITY_CLIENT_ID: the app registration has no federated credential for this managed identity",
    "70021": "DYNAMICS_IDENTITY_CLIENT_ID: the app registration has no federated credential for this managed identity",
    "7000112": "DYNAMICS_CLIENT_ID: Entra says that the application is disabled",
    "90002": "DYNAMICS_TENANT_ID: Entra knows no such tenant",
    "900023": "DYNAMICS_TENANT_ID: Entra says that this is neither a guid nor a domain",
    "500011": "DYNAMICS_URL or DYNAMICS_SCOPE: Entra knows no such resource in this tenant",
    "70011": "DYNAMICS_SCOPE: Entra says that the scope is not valid",
}
_CODE = re.compile(r"AADSTS(\d+)")


type Assertion = Callable[[str], str]
"""Fetches the token of the managed identity with this client id, which stands in for a client secret."""


def no_identity(client_id: str) -> str:
    """Say that there is no managed identity where this runs."""
    raise Unauthorized(f"DYNAMICS_IDENTITY_CLIENT_ID: there is no managed identity {client_id} here")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    renew_at: float
    ends_at: float


class Tokens:
    """The node's access token for Dataverse, always with life left in it. Threads may share it.

    `assertion` fetches what a managed identity shows in the place of a client secret, for DYNAMICS_IDENTITY_CLIENT_ID.
    Raises Unauthorized, naming the setting to look at, or Transient when Entra cannot be reached.
    """

    def __init__(
        self, settings: Settings, clock: Clock, http: requests.Session, assertion: Assertion = no_identity
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._assertion = assertion
        self._entra = _Entra(http)
        self._app: msal.ConfidentialClientApplication | None = None
        self._lock = threading.Lock()
        self._held: _Token | None = None
        self._failure: tuple[CaptureError, float] | None = None

    def get(self) -> str:
        """Return a token, renewed ahead of its end."""
        held = self._held
        if held is not None and self._clock.monotonic() < held.renew_at:
            return held.text
        return self._renewed(held, rejected=False)

    def renew(self, rejected: str) -> str:
        """Return another token than the one that Dataverse has just rejected."""
        held = self._held
        if held is not None and held.text != rejected:
            return self.get()
        return self._renewed(held, rejected=True)

    def _renewed(self, seen: _Token | None, *, rejected: bool) -> str:
        asked_at = self._clock.monotonic()
        with self._lock:
            if self._held is not None and self._held is not seen:
                return self._held.text
            # Whoever waited for the lock while another thread failed shares its failure instead of waiting again.
            if self._failure is not None and asked_at < self._failure[1]:
                raise self._failure[0].with_traceback(None)
            try:
                self._held = self._fetch()
            except CaptureError as error:
                now = self._clock.monotonic()
                lives = seen is not None and not rejected and now < seen.ends_at - _SPARE_SECONDS
                if seen is not None and lives and isinstance(error, Transient):
                    self._held = replace(seen, renew_at=now + _AGAIN_SECONDS)
                    return seen.text
                self._failure = (error, now + (_AGAIN_SECONDS if isinstance(error, Unauthorized) else 0.0))
                raise
            self._failure = None
            return self._held.text

    def _fetch(self) -> _Token:
        asked_at = self._clock.monotonic()
        try:
            app = self._application()
            # MSAL would hand out its kept token once more: when one is fetched is decided here, by the node's clock.
            app.remove_tokens_for_client()
            answer = app.acquire_token_for_client(scopes=[self._settings.scope])
            text, life = str(answer["access_token"]), float(answer["expires_in"])
        except (ValueError, KeyError, TypeError, RuntimeError, OSError) as error:
            raise Transient(f"Entra's answer cannot be read ({type(error).__name__})") from None
        return _Token(text, asked_at + max(life - _AHEAD_SECONDS, life / 2), asked_at + life)

    def _application(self) -> msal.ConfidentialClientApplication:
        # Made at the first call, not at the start of the node: MSAL asks Entra for its addresses when it is made.
        if self._app is None:
            self._app = msal.ConfidentialClientApplication(
                self._settings.dynamics_client_id,
                client_credential=self._credential(),
                authority=f"{self._settings.dynamics_authority}/{self._settings.dynamics_tenant_id}",
                instance_discovery=False,
                http_client=self._entra,
            )
        return self._app

    def _credential(self) -> str | dict[str, Callable[[], str]]:
        identity = self._settings.dynamics_identity_client_id
        if not identity:
            return self._settings.dynamics_client_secret.get_secret_value()
        # Asked for at every sign-in: it lives no longer than a token does.
        return {"client_assertion": lambda: self._assertion(identity)}


class _Entra:
    """MSAL's way to the network. Failures are judged here, where the answer can be seen, and MSAL lets them through."""

    def __init__(self, http: requests.Session) -> None:
        self._http = http

    def get(self, url: str, **options: Any) -> requests.Response:  # noqa: ANN401 - MSAL's options are the library's
        return self._judged("GET", url, options)

    def post(self, url: str, **options: Any) -> requests.Response:  # noqa: ANN401 - same
        return self._judged("POST", url, options)

    def close(self) -> None:
        self._http.close()

    def _judged(self, method: str, url: str, options: Mapping[str, Any]) -> requests.Response:
        try:
            response = self._http.request(method, url, **options)
        except requests.RequestException as error:
            raise unreachable(error, "Entra") from None
        if response.status_code != 200:
            raise _refused(response)
        return response


def _refused(response: requests.Response) -> CaptureError:
    # The error code in the body decides: Entra answers an unknown client with 400 or with 401.
    try:
        body = response.json()
    except ValueError:
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, str) or error == "temporarily_unavailable" or response.status_code >= 500:
        return Transient(f"Entra answers {response.status_code}", retry_after=retry_after(response))
    found = _CODE.search(str(body.get("error_description", "")))
    code = found[1] if found else "none"
    reason = _REASONS.get(
        code,
        "DYNAMICS_TENANT_ID, DYNAMICS_CLIENT_ID, DYNAMICS_CLIENT_SECRET, DYNAMICS_IDENTITY_CLIENT_ID or DYNAMICS_SCOPE:"
        " Entra refuses the sign-in",
    )
    return Unauthorized(f"{reason} ({error}, AADSTS{code})" if found else f"{reason} ({error})")
