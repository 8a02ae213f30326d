"""Every failure of an Azure library becomes one of the product's, and none tells a secret."""

import importlib
from collections.abc import Iterator

import pytest
import requests
import urllib3
from azure.core import exceptions as azure

from capture.errors import CaptureError, Permanent, Transient, Unauthorized
from capture.storage.failures import failures

for _library in ("azure.storage.blob", "azure.storage.queue", "azure.data.tables", "azure.identity"):
    importlib.import_module(_library)

STATUSES = (200, 304, 400, 401, 403, 404, 408, 409, 412, 413, 416, 429, 500, 502, 503, 504, 507)
SECRET = "sig=very-secret"


class Answer:
    """As much of a response as the libraries' errors carry."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers


def family(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def make(kind: type[Exception], status: int | None = None, code: str | None = None, **headers: str) -> Exception:
    """Make an error as if the library had raised it, whatever its constructor asks for."""
    error = kind.__new__(kind)
    Exception.__init__(error, f"https://store/?{SECRET}")
    error.__dict__.update(status_code=status, error_code=code, response=Answer(headers) if status else None)
    return error


def outcome(error: Exception) -> CaptureError:
    with pytest.raises(CaptureError) as caught, failures("PEER_STORAGE", "try something"):
        raise error
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__
    return caught.value


ALL = sorted({*family(azure.AzureError), azure.SerializationError, azure.DeserializationError}, key=repr)
ANSWERS = sorted(family(azure.HttpResponseError), key=repr)


def test_the_library_has_no_failure_outside_the_families() -> None:
    theirs = [kind for kind in vars(azure).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert set(theirs) <= {*ALL, Exception, BaseException}


@pytest.mark.parametrize("kind", ALL)
def test_every_failure_without_an_answer_is_mapped(kind: type[Exception]) -> None:
    assert isinstance(outcome(make(kind)), (Transient, Permanent, Unauthorized))


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_is_mapped_by_its_status(kind: type[Exception], status: int) -> None:
    found = outcome(make(kind, status))
    if status in (401, 403):
        assert isinstance(found, Unauthorized)
        assert "PEER_STORAGE" in str(found)
    elif status >= 500 or status in (408, 429):
        assert isinstance(found, Transient)
    elif issubclass(kind, azure.ClientAuthenticationError):
        assert isinstance(found, Unauthorized)
    elif issubclass(kind, azure.DecodeError):
        assert isinstance(found, Transient)
    else:
        assert isinstance(found, Permanent)


@pytest.mark.parametrize(
    "error",
    [
        make(azure.ServiceRequestError),
        make(azure.ServiceRequestTimeoutError),
        make(azure.ServiceResponseError),
        make(azure.ServiceResponseTimeoutError),
        make(azure.IncompleteReadError),
        requests.ConnectionError(SECRET),
        requests.ReadTimeout(SECRET),
        urllib3.exceptions.ProtocolError(SECRET),
    ],
)
def test_what_was_not_answered_may_be_tried_again(error: Exception) -> None:
    assert isinstance(outcome(error), Transient)


@pytest.mark.parametrize("code", ["ContainerNotFound", "QueueNotFound", "TableNotFound"])
def test_what_the_other_node_has_not_made_yet_may_be_there_later(code: str) -> None:
    assert isinstance(outcome(make(azure.ResourceNotFoundError, 404, code)), Transient)
    assert isinstance(outcome(make(azure.ResourceNotFoundError, 404, "BlobNotFound")), Permanent)


@pytest.mark.parametrize("code", ["ContainerBeingDeleted", "QueueBeingDeleted", "TableBeingDeleted"])
def test_what_is_being_deleted_may_be_made_again_later(code: str) -> None:
    assert isinstance(outcome(make(azure.ResourceExistsError, 409, code)), Transient)


def test_the_wait_that_the_store_asks_for_is_kept() -> None:
    found = outcome(make(azure.HttpResponseError, 503, **{"Retry-After": "7"}))
    assert isinstance(found, Transient)
    assert found.retry_after == 7


def test_the_products_own_failures_pass() -> None:
    with pytest.raises(Permanent, match="ours"), failures("OWN_STORAGE", "try something"):
        raise Permanent("ours")
