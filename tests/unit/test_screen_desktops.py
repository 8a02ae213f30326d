"""What desktops may ask, and what they get."""

import json
from typing import Any

import pytest

from capture.errors import Permanent
from capture.model.conversation import Agent
from capture.model.identity import AgentId, SessionId
from capture.screen.keys import workstation_key
from tests.office import ANN, SECRET, Office, accepted, at, closed, ringing
from tests.pair import Pair

CAT = AgentId("cat")
SIGN_IN = {"user": "ann@contoso.com", "signed_in_at": at(0).isoformat()}


@pytest.fixture
def office() -> Office:
    made = Office()
    made.sign_in("pc-1", "ann@contoso.com")
    made.hear(ringing())
    return made


def test_a_sign_in_says_where_the_board_is(office: Office) -> None:
    said = office.call("peer", "PC-7", "sign_in", {"user": "x@contoso.com", "signed_in_at": at(0).isoformat()})
    told = json.loads(said.body)
    assert said.status == 200
    assert told["node"] == "peer"
    assert told["board_url"].startswith("memory:boards/pc-7.json")
    assert told["expires_at"] == "2026-11-22T22:00:00Z"
    assert (told["keep_alive_seconds"], told["poll_seconds"]) == (15, 0.25)
    assert office.board("peer", "pc-7").orders == {}


def test_signs_of_life_are_not_all_forwarded(office: Office) -> None:
    sent = office.pair.accounts["peer"].stores.screens.sent
    before = len(sent)
    for _ in range(12):
        office.sign_in("pc-1", "ann@contoso.com", "main")
        office.pair.clock.advance(15)
    assert len(sent) - before == 2
    seen = office.pair.accounts["peer"].stores.workstations.at("pc-1")
    assert seen is not None
    assert (office.pair.clock.now() - seen.seen_at).total_seconds() <= 60


@pytest.mark.parametrize("what", ["sign_in", "sign_out", "upload", "report"])
@pytest.mark.parametrize(
    "key",
    [
        "",
        "x",
        "ü",
        workstation_key(SECRET, "pc-2"),
        workstation_key("another secret", "pc-1"),
        workstation_key("", "pc-1"),
    ],
)
def test_without_the_workstations_own_key_nothing_is_told(office: Office, what: str, key: str) -> None:
    session = "s1" if what in ("upload", "report") else None
    said = office.call("main", "pc-1", what, {**SIGN_IN, "agent_id": "ann"}, session, key)
    assert said.status == 401


def test_the_key_is_as_the_desktop_makes_it() -> None:
    assert workstation_key("s", "PC-1") == workstation_key("s", "pc-1")
    assert len(workstation_key("s", "pc-1")) == 43
    assert "=" not in workstation_key("s", "pc-1")


def test_keys_are_changed_without_a_pause() -> None:
    office = Office(Pair({"DESKTOP_SECRET": "new", "DESKTOP_SECRET_PREVIOUS": "old"}))
    for secret, status in (("new", 200), ("old", 200), ("older", 401)):
        key = workstation_key(secret, "pc-1")
        assert office.call("main", "pc-1", "sign_in", SIGN_IN, key=key).status == status


def test_without_a_secret_desktops_are_refused() -> None:
    office = Office(Pair())
    assert office.call("main", "pc-1", "sign_in", SIGN_IN, key=workstation_key("", "pc-1")).status == 401


def test_a_name_that_is_none_is_refused(office: Office) -> None:
    for name in ("../other", "", "a/b", "x" * 64):
        assert office.call("main", name, "sign_in", SIGN_IN).status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        {},
        {"user": "", "signed_in_at": at(0).isoformat()},
        {"user": "a", "signed_in_at": "2026-11-22T10:00:00"},
    ],
)
def test_what_is_malformed_is_refused_with_a_reason(office: Office, body: Any) -> None:  # noqa: ANN401  any body
    said = office.call("main", "pc-1", "sign_in", body)
    assert said.status == 400
    assert json.loads(said.body)["error"]


def test_a_body_that_is_too_large_is_not_read(office: Office) -> None:
    assert office.call("main", "pc-1", "sign_in", b" " * 16385).status == 413


def test_an_upload_goes_to_a_blob_of_its_own(office: Office) -> None:
    said = office.call("main", "pc-1", "upload", {"agent_id": "ANN", "part": 2}, "S1")
    assert json.loads(said.body)["upload_url"].startswith("memory:pc-1/s1/ann-2.mp4?")


def test_there_is_no_leave_for_what_nobody_wants_any_more(office: Office) -> None:
    office.hear(closed())
    said = office.call("main", "pc-1", "upload", {"agent_id": "ann", "part": 1}, "s1")
    assert (said.status, json.loads(said.body)["error"]) == (
        404,
        "this session was never accepted: nothing of it is wanted",
    )


def test_nor_for_a_part_that_is_archived_but_for_the_others(office: Office) -> None:
    office.hear(accepted(), closed())
    office.upload("main")
    office.work()
    for node in ("main", "peer"):
        said = office.call(node, "pc-1", "upload", {"agent_id": "ann", "part": 1}, "s1")
        assert (said.status, json.loads(said.body)["error"]) == (404, "part 1 is archived already")
        assert office.call(node, "pc-1", "upload", {"agent_id": "ann", "part": 2}, "s1").status == 200


def test_a_workstation_cannot_fill_the_store(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capture.screen.grants.MOST_BYTES", 10)
    office.stage("main", b"123456789")
    office.stage("main", b"0", part=2)
    said = office.call("main", "pc-1", "upload", {"agent_id": "ann", "part": 3}, "s1")
    text = "pc-1 has staged 10 bytes of one session, at most 10 are taken"
    assert (said.status, json.loads(said.body)["error"]) == (413, text)
    assert office.pair.accounts["main"].stores.alarms.alarms["full s1:ann"].text == text
    assert office.call("main", "pc-1", "upload", {"agent_id": "ann", "part": 1001}, "s1").status == 400


def test_sessions_of_another_workstation_are_not_there(office: Office) -> None:
    office.sign_in("pc-2", "bob@contoso.com")
    assert office.call("main", "pc-2", "upload", {"agent_id": "ann", "part": 1}, "s1").status == 404
    assert office.call("main", "pc-1", "upload", {"agent_id": "ann", "part": 1}, "s2").status == 404
    assert office.report("main", "pc-2", ANN, b"x").status == 404


def test_a_report_without_its_numbers_is_refused(office: Office) -> None:
    body = {"agent_id": "ann", "state": "finished", "at": at(9).isoformat()}
    assert office.call("main", "pc-1", "report", body, "s1").status == 400
    assert office.call("main", "pc-1", "report", {**body, "state": "started"}, "s1").status == 202


def test_what_a_desktop_has_deleted_is_deleted_here(office: Office) -> None:
    staged = office.pair.accounts["main"].stores.staged
    office.stage("main", b"x")
    office.hear(closed())
    assert office.report("main", "pc-1", ANN, b"", state="deleted").status == 202
    assert staged.blobs == {}
    assert office.pair.members["main"].node.status.read()["screens"]["deleted"] == 1


def test_a_desktop_that_could_not_record_is_an_alarm(office: Office) -> None:
    office.hear(accepted())
    body = {"agent_id": "ann", "state": "failed", "at": at(9).isoformat(), "reason": "no display"}
    assert office.call("main", "pc-1", "report", body, "s1").status == 202
    (alarm,) = office.pair.accounts["main"].stores.alarms.alarms.values()
    assert alarm.text == "the desktop at pc-1 could not record: no display"


def test_when_the_store_is_down_the_desktop_tries_again(office: Office) -> None:
    office.pair.accounts["main"].power.down = True
    assert office.call("main", "pc-1", "sign_in", SIGN_IN).status == 503
    assert office.call("main", "pc-1", "upload", {"agent_id": "ann"}, "s1").status == 503


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("boards.change", "sign_in"),
        ("workstations.merge", "sign_in"),
        ("workstations.at", "sign_out"),
        ("boards.get", "upload"),
        ("boards.get", "report"),
        ("screen_files.send", "report"),
    ],
)
def test_an_unexpected_answer_of_the_store_is_no_fault_of_the_desktop(office: Office, call: str, what: str) -> None:
    body = {**SIGN_IN, "agent_id": "ann", "state": "finished", "at": at(9).isoformat(), "size": 1, "sha256": "0" * 64}
    body |= {"started_at": at(1).isoformat(), "ended_at": at(9).isoformat()}
    session = "s1" if what in ("upload", "report") else None
    office.pair.accounts["main"].power.fail_next(call, error=Permanent("OWN_STORAGE: unexpected answer"))
    said = office.call("main", "pc-1", what, body, session)
    assert said.status == 503
    assert json.loads(said.body)["error"] == "OWN_STORAGE: unexpected answer"
    assert office.call("main", "pc-1", what, body, session).status < 300


def test_what_dynamics_does_not_say_holds_up_no_sign_in_and_the_next_sign_of_life_makes_it_good(office: Office) -> None:
    office.hear(ringing(SessionId("s2"), CAT))
    body = {"user": "cat@contoso.com", "signed_in_at": at(0).isoformat()}
    office.pair.source.agents[CAT] = Agent(CAT, email="cat@contoso.com")
    office.pair.start("main")
    office.pair.source.agent_failures += [Permanent("systemusers: 400")]
    assert office.call("main", "pc-3", "sign_in", body).status == 200
    assert office.wanted("main", "pc-3") == {}
    office.pair.start("main")
    office.pair.clock.advance(15)
    assert office.call("main", "pc-3", "sign_in", body).status == 200
    assert office.wanted("main", "pc-3") == {"s2:cat": "record"}


def test_what_is_wanted_stays_whatever_a_desktop_says(office: Office) -> None:
    office.hear(accepted(), closed())
    said = office.call("main", "pc-1", "upload", {"agent_id": "ann"}, "s1")
    staged = office.pair.accounts["main"].stores.staged
    staged.append(json.loads(said.body)["upload_url"], b"x")
    assert office.report("main", "pc-1", ANN, b"", state="deleted").status == 202
    assert list(staged.blobs) == ["pc-1/s1/ann-1.mp4"]
