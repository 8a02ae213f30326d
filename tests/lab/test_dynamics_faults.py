"""Every fault on request does what it says, to whom it is meant for, and then stops."""

import time
from collections.abc import Iterator

import pytest
import requests
from dynamics_visitor import Visitor

from lab.dynamics.calls import CallPlan, publish
from lab.dynamics.faults import FaultKind, Faults, Place
from lab.dynamics.server import RunningOrganisation, running_organisation

SIZE = 400_000


@pytest.fixture(scope="module")
def running() -> Iterator[RunningOrganisation]:
    with running_organisation() as running:
        yield running


@pytest.fixture
def visitor(running: RunningOrganisation) -> Iterator[Visitor]:
    with Visitor(running) as visitor:
        yield visitor.sign_in()
    running.organisation.faults.clear()


@pytest.fixture
def recording(running: RunningOrganisation) -> str:
    return publish(running.organisation, CallPlan(recordings_per_call=1, size_bytes=SIZE)).recording_ids[0]


def fault(visitor: Visitor, kind: str, **details: object) -> None:
    visitor.lab("POST", "faults", kind=kind, **({"count": 1} | details))


@pytest.mark.parametrize(
    ("kind", "status"), [("throttle", 429), ("server_error", 500), ("unavailable", 503), ("reject_token", 401)]
)
def test_api_faults(visitor: Visitor, kind: str, status: int) -> None:
    fault(visitor, kind, retry_after=7)
    answer = visitor.get("WhoAmI")
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("7" if status in (429, 503) else None)
    assert visitor.get("WhoAmI").status_code == 200


def test_a_fault_for_one_client_spares_the_other(running: RunningOrganisation, visitor: Visitor) -> None:
    fault(visitor, "unavailable", client_id="capture-peer", count=None, seconds=60)
    assert visitor.get("WhoAmI").status_code == 200
    with Visitor(running, "capture-peer") as peer:
        assert peer.sign_in().get("WhoAmI").status_code == 503


def test_a_fault_for_one_operation_spares_the_others(visitor: Visitor, recording: str) -> None:
    fault(visitor, "server_error", operation="GetFileSasUrl")
    assert visitor.get("msdyn_ocrecordings").status_code == 200
    assert visitor.file_address(recording).status_code == 500


@pytest.mark.parametrize(
    ("kind", "status", "code"), [("reject_secret", 401, "AADSTS7000215"), ("expire_secret", 401, "AADSTS7000222")]
)
def test_secret_faults(visitor: Visitor, kind: str, status: int, code: str) -> None:
    fault(visitor, kind)
    answer = visitor.token()
    assert (answer.status_code, answer.json()["error"]) == (status, "invalid_client")
    assert answer.json()["error_description"].startswith(code)
    assert visitor.token().status_code == 200


def test_faults_of_the_token_endpoint_and_the_download_host(visitor: Visitor, recording: str) -> None:
    fault(visitor, "unavailable", place="token")
    fault(visitor, "unavailable", place="files", retry_after=2)
    assert visitor.get("WhoAmI").status_code == 200
    assert visitor.token().status_code == 503
    busy = visitor.download(recording)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "2")
    assert b"<Code>ServerBusy</Code>" in busy.content


def test_sas_faults(visitor: Visitor, recording: str) -> None:
    fault(visitor, "no_sas")
    assert visitor.file_address(recording).status_code == 400
    fault(visitor, "expired_url")
    expired = visitor.download(recording)
    assert expired.status_code == 403
    assert b"Signature not valid in the specified time frame" in expired.content
    fault(visitor, "sas_forbidden")
    assert visitor.download(recording).status_code == 401
    assert visitor.download(recording).status_code == 200


def test_false_bodies(visitor: Visitor, recording: str) -> None:
    fault(visitor, "error_page")
    page = visitor.download(recording)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.text.startswith("<!DOCTYPE html>")
    fault(visitor, "error_json")
    assert visitor.download(recording).json()["error"]["code"]
    fault(visitor, "zero_bytes")
    assert visitor.download(recording).content == b""
    fault(visitor, "wrong_length")
    assert len(visitor.download(recording).content) == SIZE * 3 // 4
    assert len(visitor.download(recording).content) == SIZE


def test_a_cut_body_ends_the_connection_in_the_middle(visitor: Visitor, recording: str) -> None:
    fault(visitor, "cut_body", count=2)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        visitor.download(recording)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        visitor.get(f"msdyn_ocrecordings({recording})/msdyn_recording/$value")
    assert len(visitor.download(recording).content) == SIZE


def test_slow_bytes_hold_up_nobody_else(visitor: Visitor, recording: str) -> None:
    fault(visitor, "slow_bytes", bytes_per_second=SIZE * 2)
    address = visitor.file_address(recording).json()["Result"]["SasUrl"]
    begun = time.monotonic()
    with visitor.session.get(address, stream=True, timeout=10) as slow:
        assert len(visitor.download(recording).content) == SIZE
        assert visitor.get("WhoAmI").status_code == 200
        others = time.monotonic() - begun
        assert len(slow.content) == SIZE
    assert 0.4 < time.monotonic() - begun < 3
    assert others < 0.4


def test_a_late_answer_outlasts_the_patience_of_a_client(visitor: Visitor) -> None:
    fault(visitor, "late_answer", delay_seconds=0.5)
    with pytest.raises(requests.exceptions.ReadTimeout):
        visitor.session.get(f"{visitor.running.url}/api/data/v9.2/WhoAmI", timeout=0.1)


def test_faults_end_by_count_by_time_and_by_order() -> None:
    now = [0.0]
    faults = Faults(lambda: now[-1])
    faults.add("throttle", seconds=10)
    assert faults.strike(FaultKind.THROTTLE)
    assert faults.strike(FaultKind.THROTTLE, place=Place.FILES) is None
    now.append(10.0)
    assert faults.strike(FaultKind.THROTTLE) is None
    faults.add("throttle")
    assert faults.shown() != []
    faults.clear()
    assert faults.shown() == []
    with pytest.raises(ValueError, match="colour"):
        faults.add("throttle", colour="red")
