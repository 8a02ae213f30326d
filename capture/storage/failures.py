"""What a failure of the store means to the caller. Every call of an Azure library runs inside `failures`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests
import urllib3
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    DeserializationError,
    HttpResponseError,
    SerializationError,
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)

from capture.errors import CaptureError, Permanent, Transient, Unauthorized

_REFUSED = (401, 403)
_BUSY = (408, 429)
_NOT_THERE_YET = frozenset({"ContainerNotFound", "QueueNotFound", "TableNotFound"})
BEING_DELETED = frozenset({"ContainerBeingDeleted", "QueueBeingDeleted", "TableBeingDeleted", "ContainerBeingDisabled"})
NOT_ALLOWED = "AuthorizationPermissionMismatch"
"""The identity is known and its roles do not reach so far. Without any access the code is another one."""

_PROMPT = 0.5
"""Seconds within which a connection that was dropped without an answer was an old one: asked again at once."""


@contextmanager
def failures(setting: str, what: str) -> Iterator[None]:
    """Turn every failure of an Azure library into one of the product's; `what` says what was tried."""
    try:
        yield
    except (
        AzureError,
        SerializationError,
        DeserializationError,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
    ) as error:
        # The cause is left out: its text may hold the address with a shared access signature.
        raise translate(error, setting, what) from None


def translate(error: Exception, setting: str, what: str) -> CaptureError:
    """Choose Transient, Unauthorized or Permanent for a failure of an Azure library.

    What the store did not answer, or answered with "busy", is Transient; what it refused to this credential is
    Unauthorized and names the setting; any other answer is Permanent, because the same question will get it again.
    """
    where = f"{what} ({setting})"
    status, code = status_of(error), code_of(error)
    told = " ".join(str(part) for part in (status, code) if part) or type(error).__name__
    if status is not None and (status in _BUSY or status >= 500):
        return Transient(f"{where}: the store is busy: {told}", retry_after=_retry_after(error))
    if status in _REFUSED or isinstance(error, ClientAuthenticationError):
        return Unauthorized(f"{where}: refused: {told}; check {setting} and the roles of the identity")
    if code in _NOT_THERE_YET or code in BEING_DELETED:
        return Transient(f"{where}: not there yet: {told}")
    if isinstance(error, (SerializationError, HttpResponseError)) and not isinstance(error, DecodeError):
        return Permanent(f"{where}: unexpected answer: {told}")
    if isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return Transient(f"{where}: cannot be reached: {told}")
    # An answer that was cut or garbled on its way, in any library below.
    return Transient(f"{where}: the answer could not be read: {told}")


def once_more[T](call: Callable[[], T]) -> T:
    """Repeat a call once when the other end had closed the connection while it lay idle between two ticks.

    For calls that the library must not or does not repeat by itself, and that do the same when they come twice.
    """
    began = time.monotonic()
    try:
        return call()
    except ServiceResponseTimeoutError:
        raise
    except ServiceResponseError:
        if time.monotonic() - began > _PROMPT:
            raise
        return call()


def status_of(error: Exception) -> int | None:
    """Read the HTTP status of an answer, None when there was none."""
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def code_of(error: Exception) -> str:
    """Read the store's own error code, empty when there is none. The libraries give it as text or as an enumeration."""
    code = getattr(error, "error_code", None)
    response = getattr(error, "response", None)
    if code is None and response is not None:
        code = response.headers.get("x-ms-error-code")
    return str(getattr(code, "value", code) or "")


def _retry_after(error: Exception) -> float | None:
    response = getattr(error, "response", None)
    value = response.headers.get("Retry-After") if response is not None else None
    return float(value) if value is not None and value.isdigit() else None
