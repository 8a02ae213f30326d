"""The organisation on the network, as the documentation of Dynamics describes it."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msal
import pytest
from dynamics_visitor import Visitor

from lab.dynamics.calls import CallPlan, publish
from lab.dynamics.organisation import Options
from lab.dynamics.protection import Limits
from lab.dynamics.server import RunningOrganisation, running_organisation

ORDER = "createdon asc,msdyn_ocrecordingid asc"
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def running() -> Iterator[RunningOrganisation]:
    with running_organisation(Options(seed=1)) as running:
        yield running


@pytest.fixture
def visitor(running: RunningOrganisation) -> Iterator[Visitor]:
    with Visitor(running) as visitor:
        yield visitor.sign_in()


@pytest.fixture
def conversation(running: RunningOrganisation) -> str:
    return publish(running.organisation, CallPlan(recordings_per_call=2)).conversation_id


def of(conversation: str) -> str:
    return f"_msdyn_liveworkitemid_value eq {conversation}"


def test_msal_gets_a_token_and_the_token_opens_the_web_api(running: RunningOrganisation, visitor: Visitor) -> None:
    application = msal.ConfidentialClientApplication(
        "capture-peer",
        client_credential="peer-secret",
        authority=f"{running.url}/contoso",
        instance_discovery=False,
        http_client=visitor.session,
    )
    answer = application.acquire_token_for_client([f"{running.url}/.default"])
    assert answer["expires_in"] == 3599
    assert visitor.get("WhoAmI", Authorization=f"Bearer {answer['access_token']}").json()["UserId"]


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", "AADSTS7000215"),
        ({"client_id": "stranger"}, 400, "unauthorized_client", "AADSTS700016"),
        ({"scope": "https://contoso/user.read"}, 400, "invalid_scope", "AADSTS1002012"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "AADSTS70003"),
    ],
)
def test_token_refusals(visitor: Visitor, changes: dict[str, str], status: int, error: str, code: str) -> None:
    answer = visitor.token(**changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"].startswith(code + ":")


def test_an_unknown_token_is_challenged_with_an_empty_body(visitor: Visitor) -> None:
    answer = visitor.get("WhoAmI", Authorization="Bearer stolen")
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=https://")


def test_a_token_ends() -> None:
    now = datetime(2026, 11, 22, 20, tzinfo=UTC)
    times = [now]
    with (
        running_organisation(Options(token_seconds=60), clock=lambda: times[-1]) as running,
        Visitor(running) as visitor,
    ):
        visitor.sign_in()
        assert visitor.get("WhoAmI").status_code == 200
        times.append(now + timedelta(seconds=60))
        assert visitor.get("WhoAmI").status_code == 401


def test_a_list_with_selection_expansion_and_annotations(visitor: Visitor, conversation: str) -> None:
    answer = visitor.get(
        "msdyn_ocrecordings",
        {
            "$select": "createdon,statecode,_msdyn_liveworkitemid_value",
            "$filter": of(conversation),
            "$expand": "msdyn_liveworkitemid($select=subject)",
            "$count": "true",
        },
        Prefer='odata.maxpagesize=10,odata.include-annotations="*"',
    )
    body = answer.json()
    row = body["value"][0]
    assert body["@odata.count"] == len(body["value"]) == 2
    assert answer.headers["Preference-Applied"] == 'odata.maxpagesize=10,odata.include-annotations="*"'
    assert row["@odata.etag"].startswith('W/"')
    assert row["createdon"].endswith("Z")
    assert "." not in row["createdon"]
    assert row["statecode@OData.Community.Display.V1.FormattedValue"] == "Active"
    assert row["_msdyn_liveworkitemid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "msdyn_ocliveworkitem"
    assert row["msdyn_liveworkitemid"]["activityid"] == conversation
    assert row["msdyn_liveworkitemid"].keys() == {"@odata.etag", "subject", "activityid"}
    assert "msdyn_ocrecordingid" in row
    assert "msdyn_recording" not in row


def test_annotations_come_only_when_asked_for(visitor: Visitor, conversation: str) -> None:
    row = visitor.rows("msdyn_ocrecordings", {"$filter": of(conversation)})[0]
    assert not [name for name in row if "@" in name and name != "@odata.etag"]


def test_sessions_bring_their_participants(visitor: Visitor, conversation: str) -> None:
    nested = "msdyn_ocsession_sessionparticipant_nested"
    options = {"$filter": of(conversation), "$expand": f"{nested}($select=_msdyn_agentid_value;$orderby=createdon)"}
    sessions = visitor.rows("msdyn_ocsessions", options)
    assert len(sessions) == 2
    for session in sessions:
        assert session[nested][0]["_msdyn_agentid_value"] == session["_ownerid_value"]
        assert visitor.rows(session[f"{nested}@odata.nextLink"]) == session[nested]


def test_pages_hold_every_row_once(visitor: Visitor, running: RunningOrganisation) -> None:
    for _ in range(7):
        publish(running.organisation, CallPlan(recordings_per_call=1))
    pages = visitor.pages("msdyn_ocrecordings", {"$orderby": ORDER, "$top": "1"}, size=3)
    ids = [row["msdyn_ocrecordingid"] for page in pages for row in page]
    assert {len(page) for page in pages[:-1]} == {3}, "a preferred page size makes $top ignored"
    assert sorted(ids) == sorted(row["msdyn_ocrecordingid"] for row in visitor.rows("msdyn_ocrecordings"))


def test_a_row_that_vanishes_between_two_pages_hides_another(running: RunningOrganisation, visitor: Visitor) -> None:
    made = [running.organisation.insert_row("queues", {"name": f"paging {number}"}) for number in range(4)]
    options = {"$filter": "startswith(name,'paging')", "$orderby": "name asc", "$select": "name"}
    first = visitor.get("queues", options, Prefer="odata.maxpagesize=2").json()
    visitor.lab("DELETE", f"rows/queues/{made[0]}")
    second = visitor.rows(first["@odata.nextLink"], Prefer="odata.maxpagesize=2")
    assert [row["name"] for row in first["value"]] == ["paging 0", "paging 1"]
    assert [row["name"] for row in second] == ["paging 3"], "paging 2 slid into the page that was read already"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("nothings", 400, "0x80060888"),
        ("msdyn_ocrecordings?$skip=1", 400, "0x80060888"),
        ("msdyn_ocrecordings?$filter=nothing eq 1", 400, "0x80060888"),
        ("msdyn_ocrecordings?$skiptoken=1", 400, "0x80060888"),
        ("msdyn_ocrecordings?$filter=" + "%20" * 11_000, 400, "0x80060888"),
        ("RetrieveVersion()", 400, "0x80060888"),
        ("msdyn_ocrecordings(7)", 400, "0x80060888"),
        (f"msdyn_ocrecordings({NOWHERE})", 404, "0x80040217"),
        (f"msdyn_ocrecordings({NOWHERE})/msdyn_recording/$value", 404, "0x80040217"),
        ("GetFileSasUrl(Target=@p1)?@p1=x", 400, "0x80060888"),
    ],
)
def test_refusals(visitor: Visitor, path: str, status: int, code: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_nothing_can_be_written(visitor: Visitor, running: RunningOrganisation) -> None:
    address = f"{running.url}/api/data/v9.2/msdyn_ocrecordings"
    assert visitor.session.post(address, json={}, timeout=10).status_code == 405


def test_a_file_by_its_address_and_by_its_column(visitor: Visitor, running: RunningOrganisation) -> None:
    plan = CallPlan(recordings_per_call=1, size_bytes=300_001)
    recording = publish(running.organisation, plan).recording_ids[0]
    truth = next(item for item in visitor.lab("GET", "published") if item["recording_id"] == recording)
    result = visitor.file_address(recording).json()["Result"]
    assert (result["FileName"], result["FileSizeInBytes"], result["MimeType"]) == (
        truth["file_name"],
        300_001,
        "audio/mpeg",
    )
    whole = visitor.session.get(result["SasUrl"], timeout=10)
    assert hashlib.sha256(whole.content).hexdigest() == truth["sha256"]
    assert whole.headers["Content-Type"] == "audio/mpeg"
    part = visitor.session.get(result["SasUrl"], headers={"Range": "bytes=299000-"}, timeout=10)
    assert (part.status_code, part.headers["Content-Range"]) == (206, "bytes 299000-300000/300001")
    assert part.content == whole.content[299_000:]
    path = f"msdyn_ocrecordings({recording})/msdyn_recording/$value"
    piece = visitor.get(path, Range="bytes=0-4095")
    assert (piece.status_code, piece.headers["x-ms-file-size"]) == (206, "300001")
    assert piece.headers["mimetype"] == "audio/mpeg"
    assert piece.content == whole.content[:4096]
    beyond = visitor.session.get(result["SasUrl"], headers={"Range": "bytes=300001-"}, timeout=10)
    assert beyond.status_code == 416


def test_an_empty_file_column(visitor: Visitor, running: RunningOrganisation) -> None:
    plan = CallPlan(recordings_per_call=1, file_delay_seconds=None)
    recording = publish(running.organisation, plan).recording_ids[0]
    assert visitor.file_address(recording).status_code == 400
    assert visitor.get(f"msdyn_ocrecordings({recording})/msdyn_recording/$value").status_code == 404
    missing = visitor.file_address(NOWHERE)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "0x80040217")


def test_the_file_address_may_be_posted(visitor: Visitor, running: RunningOrganisation) -> None:
    recording = publish(running.organisation, CallPlan(recordings_per_call=1)).recording_ids[0]
    answer = visitor.session.post(
        f"{running.url}/api/data/v9.2/GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')",
        params={"@p1": f"{{'@odata.id':'msdyn_ocrecordings({recording})'}}"},
        timeout=10,
    )
    assert answer.json()["Result"]["SasUrl"].startswith(running.files_url)


def test_a_file_address_ends_and_cannot_be_changed(running: RunningOrganisation, visitor: Visitor) -> None:
    one, other = (publish(running.organisation, CallPlan(recordings_per_call=1)).recording_ids[0] for _ in range(2))
    address = visitor.file_address(one).json()["Result"]["SasUrl"]
    swapped = visitor.file_address(other).json()["Result"]["SasUrl"].partition("?")[0] + "?" + address.partition("?")[2]
    for wrong in (address + "0", address.replace("se=20", "se=30"), swapped, address.partition("?")[0]):
        answer = visitor.session.get(wrong, timeout=10)
        assert answer.status_code == 403
        assert b"<Code>AuthenticationFailed</Code>" in answer.content


def test_raw_rows_are_returned_as_they_were_given(visitor: Visitor) -> None:
    made = visitor.lab("POST", "rows/msdyn_ocrecordings", msdyn_name="bare", createdon="2001-01-01T00:00:00Z")["id"]
    row = visitor.get(f"msdyn_ocrecordings({made})").json()
    assert (row["msdyn_name"], row["createdon"]) == ("bare", "2001-01-01T00:00:00Z")
    assert "msdyn_recording" not in row
    file = visitor.lab("POST", f"recordings/{made}/file", size_bytes=4000, file_name="a&b.wav", media_type="audio/wav")
    assert hashlib.sha256(visitor.download(made).content).hexdigest() == file["sha256"]
    visitor.lab("PATCH", f"rows/msdyn_ocrecordings/{made}", msdyn_recording=None)
    assert visitor.file_address(made).status_code == 400
    assert visitor.lab("DELETE", f"rows/msdyn_ocrecordings/{made}") == {"deleted": True}
    assert visitor.get(f"msdyn_ocrecordings({made})").status_code == 404


def test_calls_are_counted_by_client_and_kind(running: RunningOrganisation, visitor: Visitor) -> None:
    recording = visitor.lab("POST", "calls", count=3, recordings_per_call=1)["recordings"][0]
    visitor.lab("POST", "stats/reset")
    visitor.rows("msdyn_ocrecordings")
    content = visitor.download(recording).content
    with Visitor(running, "capture-peer") as peer:
        peer.sign_in().rows("msdyn_ocrecordings")
    counts = visitor.lab("GET", "stats")
    assert counts["dataverse_calls"] == 3
    assert counts["by_client_and_kind"]["capture-main"] == {"msdyn_ocrecordings": 1, "GetFileSasUrl": 1}
    assert counts["token_requests"] == {"capture-peer": 1}
    assert (counts["file_downloads"], counts["bytes"]) == (1, len(content))
    lists = counts["recording_lists"]
    assert lists["capture-main"]["last"] <= lists["capture-peer"]["first"]


def test_what_the_lab_does_not_understand_is_an_error(running: RunningOrganisation, visitor: Visitor) -> None:
    for path, body in (("calls", {"colour": "red"}), ("faults", {"kind": "flood"}), ("rows/nothings", {"a": 1})):
        answer = visitor.session.post(f"{running.files_url}/lab/{path}", json=body, timeout=10)
        assert answer.status_code == 400
        assert answer.json()["error"]


def test_too_many_requests_are_throttled_per_client() -> None:
    options = Options(limits=Limits(requests=5, concurrent=2), latency_seconds=0.05)
    with (
        running_organisation(options) as running,
        Visitor(running) as visitor,
        Visitor(running, "capture-peer") as peer,
        ThreadPoolExecutor(3) as threads,
    ):
        visitor.sign_in()
        crowd = list(threads.map(lambda _: visitor.get("WhoAmI"), range(3)))
        assert sorted(answer.status_code for answer in crowd) == [200, 200, 429]
        answers = [visitor.get("WhoAmI") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["error"]["code"] == "0x80072322"
        assert int(answers[-1].headers["Retry-After"]) >= 1
        assert peer.sign_in().get("WhoAmI").status_code == 200
