"""Who may see the console: in Azure whom App Service authentication has admitted, locally who sits at the machine.

The header that App Service adds can be trusted only where App Service stands before the node: it takes away what a
client sends under that name, and says in WEBSITE_AUTH_ENABLED that it does. (Microsoft Learn, "Work with user
identities in Azure App Service authentication" and "Environment variables and app settings in Azure App Service".)
"""

import base64
import binascii
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from capture.errors import Stranger

SIGN_IN = "/.auth/login/aad?post_login_redirect_uri=/api/console"
"""Where App Service authentication asks for the sign-in, and where it leads to afterwards."""

_PRINCIPAL = "x-ms-client-principal"
_TENANT = ("tid", "http://schemas.microsoft.com/identity/claims/tenantid")
_OBJECT = ("oid", "http://schemas.microsoft.com/identity/claims/objectidentifier")
_NAME = ("preferred_username", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", "name")
_ROLES = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person at the console: the id of the account, and what it is called. Only the id may stand in a log."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Access:
    """The rule. `site` is the name that Azure gave, empty elsewhere; `tenant` whose people may come, empty: nobody."""

    site: str
    authentication: str
    tenant: str
    role: str

    def visitor(self, url: str, headers: Mapping[str, str]) -> Visitor:
        """Say who asks; Stranger when he may not. Names in `headers` are in lower case, or their case is no matter."""
        if self.site:
            return self._signed_in(headers)
        if not _is_loopback(urlsplit(url).hostname):
            raise Stranger("the console is open on this machine only: ask for http://127.0.0.1 or http://localhost")
        return Visitor("local", "somebody at this machine")

    def sign_in(self, headers: Mapping[str, str]) -> str | None:
        """Say where on this site a person signs in, None where that would not help."""
        ready = self.site and self.tenant and self.authentication.lower() == "true"
        return SIGN_IN if ready and not headers.get(_PRINCIPAL) else None

    def _signed_in(self, headers: Mapping[str, str]) -> Visitor:
        if not self.tenant:
            raise Stranger("the console is closed: CONSOLE_TENANT_ID names the Entra tenant whose people may see it")
        if self.authentication.lower() != "true":
            raise Stranger("the console is closed: App Service authentication is off (WEBSITE_AUTH_ENABLED)")
        claims = _claims(headers.get(_PRINCIPAL, ""))
        if self.tenant.lower() not in {each.lower() for each in _values(claims, _TENANT)}:
            raise Stranger("the console is for people of the tenant in CONSOLE_TENANT_ID who have signed in")
        if self.role and self.role not in _values(claims, _ROLES):
            raise Stranger(f"the console is for people with the app role {self.role} (CONSOLE_ROLE)")
        ids = _values(claims, _OBJECT)
        if not ids:
            raise Stranger("the sign-in does not say which account it is of")
        return Visitor(ids[0], next(iter(_values(claims, _NAME)), ids[0]))


def same_origin(headers: Mapping[str, str]) -> None:
    """Stranger unless a change is asked for by the page itself: another site can send a form, but no such header."""
    if headers.get("x-capture-console") != "1" or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Stranger("changes are asked for by the console's own page alone")


def _claims(header: str) -> list[tuple[str, str]]:
    if not header:
        raise Stranger("nobody has signed in: App Service authentication must ask for it")
    try:
        document = json.loads(base64.b64decode(header, validate=True))
        return [(str(claim["typ"]), str(claim["val"])) for claim in document["claims"]]
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise Stranger(f"the header {_PRINCIPAL} cannot be read") from None


def _values(claims: list[tuple[str, str]], types: tuple[str, ...]) -> list[str]:
    return [value for wanted in types for kind, value in claims if kind == wanted]


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
