"""Calls: headers, paging, renewal, the node's pause, and what trouble on the way becomes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from conftest import TENANT, HandClock, NodeState
from tiny_server import Answer, TinyServer, refuses, says

from capture.errors import CaptureError, Permanent, Transient, Unauthorized, Waiting
from capture.model.identity import RecordingId
from capture.omnichannel.organisation import Organisation

LIST = "/api/data/v9.2/msdyn_ocrecordings?"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def guid(number: int) -> str:
    return f"0f3c9a52-7a2f-4a6e-9d0e-{number:012d}"


def row(number: int, **columns: object) -> dict[str, object]:
    return {"msdyn_ocrecordingid": guid(number), "createdon": "2026-11-22T12:00:00Z"} | columns


def listed(organisation: Organisation) -> list[list[str]]:
    return [[each.id for each in page] for page in organisation.recordings_since(NOON)]


def test_headers_of_a_list(organisation: Organisation, server: TinyServer) -> None:
    server.on(LIST, says({"value": [row(1)]}))
    assert listed(organisation) == [[guid(1)]]
    headers = server.asked[-1].headers
    assert headers["Authorization"] == "Bearer token-1"
    assert headers["Accept"] == "application/json"
    assert (headers["OData-Version"], headers["OData-MaxVersion"]) == ("4.0", "4.0")
    assert headers["If-None-Match"] == "null"
    assert headers["Prefer"].startswith('odata.maxpagesize=50,odata.include-annotations="OData.Community.Display')
    assert "Cookie" not in headers


def test_query_of_the_tail(organisation: Organisation, server: TinyServer) -> None:
    server.on(LIST, says({"value": []}))
    list(organisation.recordings_since(NOON + timedelta(seconds=0.9)))
    path = unquote(server.asked[-1].path)
    assert "$filter=createdon ge 2026-11-22T12:00:00Z&" in path
    assert "$orderby=createdon asc,msdyn_ocrecordingid asc" in path
    assert "$expand=msdyn_liveworkitemid($select=activityid," in path


def test_pages_follow_the_link_verbatim_when_they_are_asked_for(organisation: Organisation, server: TinyServer) -> None:
    link = (
        f"{server.url}/api/data/v9.2/msdyn_ocrecordings?$skiptoken=%3Ccookie%20pagenumber=%222%22%20c=%22%253c%22/%3E"
    )
    server.on(LIST, says({"value": [row(1)], "@odata.nextLink": link}, Set_Cookie="ARRAffinity=abc; Path=/"))
    server.on(LIST + "$skiptoken", says({"value": [row(2)]}))
    pages = organisation.recordings_since(NOON)
    assert [each.id for each in next(pages)] == [guid(1)]
    assert server.count(LIST) == 1
    assert [[each.id for each in page] for page in pages] == [[guid(2)]]
    asked = server.asked[-1]
    assert server.url + asked.path == link
    assert "maxpagesize=50" in asked.headers["Prefer"]
    assert "Cookie" not in asked.headers, "the affinity cookie ties a node to one web server"


@pytest.mark.parametrize("link", ["https://elsewhere.example/api", "http://localhost/api", 5, "https://[", ""])
def test_link_that_leads_away_is_not_followed(organisation: Organisation, server: TinyServer, link: object) -> None:
    server.on(LIST, says({"value": [row(1)], "@odata.nextLink": link}))
    with pytest.raises(Permanent, match="next page"):
        listed(organisation)


def test_rows_that_cannot_be_read_do_not_fail_the_page(
    organisation: Organisation, server: TinyServer, caplog: pytest.LogCaptureFixture
) -> None:
    broken: list[object] = [row(1, createdon=None), {"createdon": "2026-11-22T12:00:00Z"}, row(2, createdon="soon")]
    server.on(LIST, says({"value": [*broken, row(3, msdyn_liveworkitemid="odd", msdyn_recording=7)]}))
    assert listed(organisation) == [[guid(3)]]
    assert [each.getMessage() for each in caplog.records] == ["event=rows_skipped count=3"]


def test_between_is_exact_to_the_second_at_both_ends(organisation: Organisation, server: TinyServer) -> None:
    times = ["11:59:59.9", "12:00:00", "12:00:05.7", "12:00:06"]
    rows = [row(number, createdon=f"2026-11-22T{time}Z") for number, time in enumerate(times)]
    server.on(LIST, says({"value": rows}))
    [page] = organisation.recordings_between(NOON, NOON + timedelta(seconds=5))
    assert [each.id for each in page] == [guid(1), guid(2)]
    asked = server.asked[-1]
    path = unquote(asked.path)
    assert "createdon ge 2026-11-22T12:00:00Z and createdon lt 2026-11-22T12:00:06Z" in path
    assert "$expand" not in path
    assert "maxpagesize=5000" in asked.headers["Prefer"]


def test_recordings_by_id_are_asked_in_slices(organisation: Organisation, server: TinyServer) -> None:
    server.on(LIST, says({"value": [row(1)]}))
    found = organisation.recordings_by_id([RecordingId(guid(number)) for number in range(101)])
    assert len(found) == 2
    assert server.count(LIST) == 2
    assert max(len(each.path) for each in server.asked) < 16_000
    assert organisation.recordings_by_id([]) == []


def test_rejected_token_is_renewed_once(organisation: Organisation, server: TinyServer) -> None:
    server.on(LIST, Answer(401), says({"value": [row(1)]}))
    assert listed(organisation) == [[guid(1)]]
    assert [each.headers.get("Authorization") for each in server.asked if each.path.startswith(LIST)] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


def test_token_rejected_twice_is_unauthorized(organisation: Organisation, server: TinyServer) -> None:
    server.on(LIST, Answer(401))
    with pytest.raises(Unauthorized, match="application user"):
        listed(organisation)
    assert server.count(LIST) == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(500), Transient),
        (Answer(503, headers={"Retry-After": "9"}), Transient),
        (Answer(302, headers={"Location": "https://login.example/"}), Permanent),
        (refuses(400), Permanent),
        (refuses(404), Permanent),
        (refuses(403, message="is missing prvReadmsdyn_ocrecording privilege"), Unauthorized),
        (Answer(200, b"<html>"), Transient),
        (says([]), Transient),
        (says({"value": None}), Transient),
        (Answer(204), Transient),
        (Answer(200, b'{"value": []}', cut=5), Transient),
        (Answer(200, b'{"value": []}', cut=5, reset=True), Transient),
        (Answer(500, b"a long error page", cut=3), Transient),
        (Answer(200, delay=1.5), Transient),
        (Answer(reset=True), Transient),
        (Answer(200, b"not gzip", {"Content-Encoding": "gzip"}), Transient),
    ],
)
def test_trouble(organisation: Organisation, server: TinyServer, answer: Answer, kind: type[CaptureError]) -> None:
    server.on(LIST, answer)
    with pytest.raises(CaptureError) as caught:
        listed(organisation)
    assert isinstance(caught.value, kind)
    assert not isinstance(caught.value, Waiting)
    assert "token-1" not in str(caught.value)
    if answer.headers.get("Retry-After"):
        assert isinstance(caught.value, Transient)
        assert caught.value.retry_after == 9


def test_connection_closed_while_idle_is_opened_again(organisation: Organisation, server: TinyServer) -> None:
    server.on(LIST, Answer(reset=True), says({"value": [row(1)]}))
    assert listed(organisation) == [[guid(1)]]


def test_nobody_there_is_transient(organisation: Organisation, server: TinyServer) -> None:
    server.on(LIST, says({"value": []}))
    listed(organisation)
    server.on(f"/{TENANT}", Answer(reset=True))
    organisation._recordings._api._root = "https://localhost:1/api/data/v9.2/"
    with pytest.raises(Transient, match="cannot be reached"):
        listed(organisation)


@pytest.mark.usefixtures("server")
def test_certificate_that_is_not_trusted_is_transient(
    another: Callable[[], Organisation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")
    monkeypatch.setenv("CURL_CA_BUNDLE", "")
    organisation = another()
    for adapter in organisation._recordings._api._http.adapters.values():
        adapter._ca_bundle = None
    with pytest.raises(Transient, match="SSLError"):
        listed(organisation)


def test_own_bundle_wins_over_the_environment(
    another: Callable[[], Organisation], server: TinyServer, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{tmp_path}/nothing-here.pem")
    server.on(LIST, says({"value": []}))
    assert listed(another()) == [[]]


# --- The pause -------------------------------------------------------------------------------------------------------


def test_throttling_pauses_the_process_at_once(
    organisation: Organisation, server: TinyServer, state: NodeState, clock: HandClock
) -> None:
    server.on(LIST, refuses(429, "0x80072322", "Number of requests exceeded", Retry_After="30"), says({"value": []}))
    with pytest.raises(Waiting) as caught:
        listed(organisation)
    assert caught.value.retry_after == 30
    assert state.until == clock.now() + timedelta(seconds=30)
    clock.seconds += 20
    with pytest.raises(Waiting) as caught:
        listed(organisation)
    assert caught.value.retry_after == 10
    assert server.count(LIST) == 1, "a paused node makes no calls"
    clock.seconds += 11
    assert listed(organisation) == [[]]


def test_pause_is_seen_by_the_node_s_other_instances(
    organisation: Organisation, another: Callable[[], Organisation], server: TinyServer, clock: HandClock
) -> None:
    server.on(LIST, says({"value": []}))
    other = another()
    assert listed(other) == [[]]
    server.on(LIST, refuses(429, Retry_After="30"), says({"value": []}))
    with pytest.raises(Waiting):
        listed(organisation)
    clock.seconds += 2.1
    with pytest.raises(Waiting):
        listed(other)


def test_pause_covers_tokens_too(organisation: Organisation, server: TinyServer, state: NodeState) -> None:
    state.until = NOON + timedelta(days=1)
    with pytest.raises(Waiting) as caught:
        listed(organisation)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after <= 3600, "a pause that long is a mistake of somebody's clock"
    assert server.asked == []


def test_shared_state_is_read_every_two_seconds_at_most(
    organisation: Organisation, server: TinyServer, state: NodeState, clock: HandClock
) -> None:
    server.on(LIST, says({"value": []}))
    for _ in range(9):
        listed(organisation)
        clock.seconds += 0.5
    assert state.looks == 3


def test_store_that_cannot_be_reached_does_not_stop_the_calls(
    organisation: Organisation, server: TinyServer, state: NodeState
) -> None:
    state.failure = Transient("no store")
    server.on(LIST, says({"value": []}), refuses(429))
    assert listed(organisation) == [[]]
    with pytest.raises(Waiting):
        listed(organisation)
    with pytest.raises(Waiting, match="asked this node to wait"):
        listed(organisation)
