"""Who may ask: a workstation by a key made from its name, a webhook by a secret in its header.

Always a current and a previous secret, so that they can be changed without a pause; compared in constant time.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

from capture.errors import Stranger

_WORKSTATION = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def workstation_key(secret: str, workstation: str) -> str:
    """Make the key of a workstation: it says nothing about the secret, nor about another workstation's key."""
    digest = hmac.new(secret.encode(), f"workstation:{workstation.lower()}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_workstation(name: str) -> bool:
    """Tell whether this is the name of a workstation, in lower case."""
    return _WORKSTATION.fullmatch(name) is not None


def admitted(headers: Mapping[str, str], secrets: Iterable[str]) -> str:
    """Return the name, in lower case, of the workstation that shows its key; Stranger when it does not.

    Secrets that are empty admit nobody.
    """
    told = {name.lower(): value for name, value in headers.items()}
    workstation = told.get("x-workstation", "").strip().lower()
    scheme, _, shown = told.get("authorization", "").strip().partition(" ")
    good = [workstation_key(secret, workstation) for secret in secrets if secret]
    fits = _is_one_of(shown.strip(), good)
    if not fits or scheme.lower() != "bearer" or not is_workstation(workstation):
        raise Stranger("no key of this workstation: send x-workstation and authorization: Bearer <key>")
    return workstation


def check_header(headers: Mapping[str, str], secrets: Iterable[str]) -> None:
    """Stranger unless the header x-ris-secret says one of the secrets that are not empty."""
    told = {name.lower(): value for name, value in headers.items()}.get("x-ris-secret", "")
    if not _is_one_of(told, [secret for secret in secrets if secret]):
        raise Stranger("the header x-ris-secret is missing or wrong, or RIS_HEADER_SECRET is not set")


def _is_one_of(shown: str, good: Iterable[str]) -> bool:
    # All of them are compared, whichever fits: the time says nothing.
    fitting = [hmac.compare_digest(shown.encode(), each.encode()) for each in good]
    return True in fitting
