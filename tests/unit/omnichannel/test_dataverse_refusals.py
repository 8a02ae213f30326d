"""Every answer that is no success has a meaning, and no message tells what it must not."""

import json

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from capture.errors import CaptureError, Permanent, Transient, Unauthorized, Waiting
from capture.omnichannel.refusal import Denied, Missing, plain, refused, retry_after


def answer(status: int, body: str = "", **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body.encode()
    response.headers = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    return response


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_means_a_failure(status: int) -> None:
    assert isinstance(refused(answer(status), "rows"), CaptureError)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, Permanent),
        (400, Permanent),
        (401, Unauthorized),
        (403, Denied),
        (404, Missing),
        (408, Transient),
        (412, Permanent),
        (429, Waiting),
        (500, Transient),
        (501, Permanent),
        (502, Transient),
        (503, Transient),
        (504, Transient),
    ],
)
def test_kinds(status: int, kind: type[CaptureError]) -> None:
    assert type(refused(answer(status), "rows")) is kind


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", '{"error":null}', '{"error":"x"}', '{"error":{"code":5}}', "null"]
)
def test_any_body_will_do(body: str) -> None:
    assert isinstance(refused(answer(400, body), "rows"), Permanent)


def test_missing_privilege_is_named() -> None:
    message = (
        "Principal user (Id=0f3c9a52-7a2f-4a6e-9d0e-3b1f1f6f0001, type=8, roleCount=1) is missing "
        "prvReadmsdyn_ocrecording privilege (Id=1) on OTC=10 for entity 'msdyn_ocrecording'."
    )
    error = refused(answer(403, json.dumps({"error": {"code": "0x80040220", "message": message}})), "rows")
    assert isinstance(error, Denied)
    assert error.privilege == "prvReadmsdyn_ocrecording"
    assert "lacks prvReadmsdyn_ocrecording" in str(error)
    assert "DYNAMICS_CLIENT_ID" in str(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry_After": "17"}, 17),
        ({"Retry_After": "0"}, 1),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "nan"}, None),
        ({"Retry_After": "inf"}, None),
        ({"Retry_After": "Sun, 22 Nov 2026 12:00:42 GMT", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 42),
        ({"Retry_After": "Sun, 22 Nov 2026 11:00:00 GMT", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 1),
        ({"Retry_After": "Sun, 22 Nov 2026 12:00:42 GMT"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(answer(429, **headers)) == seconds


def test_texts_hold_no_phone_numbers_tokens_or_signatures() -> None:
    text = plain("caller +49 89 1234-567 or 08912345678, eyJhbGciOi.eyJzdWIi.c2ln, https://x/y?se=1&sig=abc%2B&sp=r")
    for secret in ("1234", "0891", "eyJ", "abc"):
        assert secret not in text
    kept = "0x80040220 for 0f3c9a52-7a2f-4a6e-9d0e-3b1f1f6f0001 and 12345678-7a2f-4a6e-9d0e-123456789012"
    assert plain(kept) == kept
    assert len(plain("x " * 1000)) < 500
