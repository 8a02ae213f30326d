"""The registered clients of the tenant and the tokens they have been given."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class EntraError(Exception):
    """An error answer of the token endpoint; judged by its code in the body."""

    status: int
    error: str
    description: str

    def body(self) -> dict[str, object]:
        """Return the error document."""
        code = int(self.description.removeprefix("AADSTS").partition(":")[0])
        return {"error": self.error, "error_description": self.description, "error_codes": [code]}


def invalid_secret(client_id: str) -> EntraError:
    """Return the refusal of a wrong secret."""
    return EntraError(
        401,
        "invalid_client",
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client "
        f"secret value, not the client secret ID, for a secret added to app '{client_id}'.",
    )


def expired_secret(client_id: str) -> EntraError:
    """Return the refusal of a secret whose time is over."""
    return EntraError(
        401, "invalid_client", f"AADSTS7000222: The provided client secret keys for app '{client_id}' are expired."
    )


class Accounts:
    """Who may ask for tokens, and whose token is whose."""

    def __init__(self, clients: Mapping[str, str], token_seconds: int) -> None:
        self.clients = dict(clients)
        self.token_seconds = token_seconds
        self._tokens: dict[str, tuple[str, datetime]] = {}

    def token(self, form: Mapping[str, str], now: datetime) -> str:
        """Give out a token for the client credentials in a form, or raise `EntraError`."""
        if form.get("grant_type") != "client_credentials":
            raise EntraError(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        if not form.get("scope", "").endswith("/.default"):
            raise EntraError(400, "invalid_scope", "AADSTS1002012: The provided value for scope is not valid.")
        client_id = form.get("client_id", "")
        if client_id not in self.clients:
            raise EntraError(
                400,
                "unauthorized_client",
                f"AADSTS700016: Application with identifier '{client_id}' was not found in the directory.",
            )
        if not hmac.compare_digest(form.get("client_secret", "").encode(), self.clients[client_id].encode()):
            raise invalid_secret(client_id)
        self._tokens = {token: kept for token, kept in self._tokens.items() if kept[1] > now}
        token = secrets.token_urlsafe(48)
        self._tokens[token] = (client_id, now + timedelta(seconds=self.token_seconds))
        return token

    def client(self, authorization: str | None, now: datetime) -> str | None:
        """Return the client of an Authorization header, or None if the token is unknown or expired."""
        scheme, _, token = (authorization or "").partition(" ")
        client_id, until = self._tokens.get(token, ("", now))
        return client_id if scheme.lower() == "bearer" and until > now else None
