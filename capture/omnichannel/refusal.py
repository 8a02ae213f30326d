"""What an answer of the Web API that is no success means: the only place that turns its statuses into failures.

Microsoft Learn: "Compose HTTP requests and handle errors", "Service protection API limits".
"""

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime

import requests

from capture.errors import CaptureError, Permanent, Transient, Unauthorized, Waiting

DEFAULT_PAUSE_SECONDS = 10.0
"""How long a 429 without a Retry-After pauses the node."""

_PRIVILEGE = re.compile(r"missing (prv\w+) privilege")
_TOKEN = re.compile(r"eyJ[\w-]+(\.[\w-]+)*|(?<=sig=)[^&\s\"']+")
# A run of digits that is neither part of a guid nor of a hexadecimal code, with or without a plus sign.
_PHONE = re.compile(r"\+\d[\d ().-]{5,}\d|(?<![\w-])\d{7,15}(?![\w-])")
_LONGEST_TEXT = 400


class Missing(Permanent):
    """The row, or the thing asked of it, is not there (404)."""


class Denied(Unauthorized):
    """The application user may not do this (403); `privilege` is the missing one, when Dynamics names it."""

    def __init__(self, message: str, privilege: str | None) -> None:
        """Keep the privilege beside the message."""
        super().__init__(message)
        self.privilege = privilege


def refused(response: requests.Response, what: str) -> CaptureError:
    """Return the failure that this answer means. Total: every status has one."""
    status = response.status_code
    code, message = _error_of(response)
    text = f"{what}: Dynamics answers {status}" + (f" {code}" if code else "") + (f": {message}" if message else "")
    match status:
        case 401 | 403:
            return _unauthorized(status, text, message)
        case 404 | 410:
            return Missing(text)
        case 429:
            return Waiting(text, retry_after=retry_after(response) or DEFAULT_PAUSE_SECONDS)
        case _ if 300 <= status < 400:
            return Permanent(f"{what}: Dynamics redirects ({status}): look at DYNAMICS_URL")
        case _ if status == 408 or (status >= 500 and status != 501):
            return Transient(text, retry_after=retry_after(response))
        case _:
            return Permanent(text)


def retry_after(response: requests.Response) -> float | None:
    """Read Retry-After (seconds or an HTTP date) as seconds from now, None when it is missing or malformed."""
    value = response.headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            # Counted from the answer's own date, so that a node whose clock is off waits as long as it was asked to.
            until, now = (parsedate_to_datetime(text) for text in (value, response.headers.get("Date", "")))
            seconds = (until.replace(tzinfo=UTC) - now.replace(tzinfo=UTC)).total_seconds()
        except ValueError:
            return None
    return max(seconds, 1.0) if math.isfinite(seconds) else None


def plain(text: str) -> str:
    """Make a foreign text fit for a message: no tokens, signatures or phone numbers, one line, not too long."""
    text = _PHONE.sub("(number)", _TOKEN.sub("(secret)", " ".join(text.split())))
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."


def _unauthorized(status: int, text: str, message: str) -> Unauthorized:
    if status == 401:
        return Unauthorized(
            f"{text} to a fresh token: look at DYNAMICS_URL and DYNAMICS_SCOPE, and whether the environment has an "
            "application user for DYNAMICS_CLIENT_ID"
        )
    found = _PRIVILEGE.search(message)
    if found is None:
        return Denied(f"{text}; look at the application user of DYNAMICS_CLIENT_ID and its security role", None)
    return Denied(
        f"{text}; the security role of the application user of DYNAMICS_CLIENT_ID lacks {found[1]} "
        "at organisation level",
        found[1],
    )


def _error_of(response: requests.Response) -> tuple[str, str]:
    try:
        error = response.json()["error"]
        return plain(str(error.get("code") or "")), plain(str(error.get("message") or ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""
