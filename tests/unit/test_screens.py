"""Screens, with both nodes in one process: the same boards and the same archive whatever happens on the way."""

import itertools
import json
import random
from collections.abc import Callable

import pytest

from capture.errors import Permanent, Transient
from capture.messages import RowRef, ScreenFact, screen_facts
from capture.model.conversation import Agent
from capture.model.identity import AgentId, SessionId
from capture.model.session import AgentSession, merge_sessions
from tests.office import ANN, BOB, S1, SECRET, Office, accepted, at, closed, consulted, ringing
from tests.pair import Pair


@pytest.fixture
def office() -> Office:
    made = Office()
    made.sign_in("pc-1", "ann@contoso.com")
    made.sign_in("pc-2", "CONTOSO\\bob")
    return made


def test_ringing_records_answered_keeps_and_both_nodes_say_so(office: Office) -> None:
    office.hear(ringing())
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}
    office.hear(accepted())
    assert office.wanted("main") == {"s1:ann": "record"}
    office.hear(closed(), node="peer")
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep"}
    (order,) = office.board("peer", "pc-1").orders.values()
    assert order.conversation_id == "c1"
    assert office.board("peer", "pc-1").node == "peer"


def test_a_missed_call_is_deleted(office: Office) -> None:
    office.hear(ringing(), closed(when=20))
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "delete"}


def test_an_accept_that_comes_late_keeps(office: Office) -> None:
    office.hear(ringing(), closed(), accepted())
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep"}


@pytest.mark.parametrize("seed", range(24))
def test_every_order_and_repetition_gives_the_same_boards_and_archive(seed: int) -> None:
    chance = random.Random(seed)
    office = Office()
    office.sign_in("pc-1", "ann@contoso.com")
    office.sign_in("pc-2", "bob@contoso.com")
    facts = [ringing(), accepted(), consulted(), closed()]
    some = facts + chance.choices(facts, k=3)
    chance.shuffle(some)
    office.pair.source.put_session(merge_sessions(ringing(), closed()))
    for fact in some:
        office.hear(fact, node=chance.choice(["main", "peer"]))
        office.pair.clock.advance(chance.choice([0, 1, 30]))
    for node in ("main", "peer"):
        assert office.wanted(node, "pc-1") == {"s1:ann": "keep"}
        assert office.wanted(node, "pc-2") == {"s1:bob": "keep"}
    office.upload(chance.choice(["main", "peer"]))
    office.upload(chance.choice(["main", "peer"]), "pc-2", BOB, b"other" * 10)
    office.work()
    archived = office.pair.archived("main") | office.pair.archived("peer")
    assert archived == {"screen-s1-ann-1", "screen-s1-bob-1"}
    for node in ("main", "peer"):
        assert all(order.archived for name in ("pc-1", "pc-2") for order in office.board(node, name).orders.values())
        assert office.pair.accounts[node].stores.staged.blobs == {}


def test_all_orders_of_three_facts_order_the_same(office: Office) -> None:
    for number, order in enumerate(itertools.permutations([ringing, accepted, closed])):
        session = SessionId(f"t{number}")
        office.hear(*(make(session) for make in order))
        assert office.wanted("main")[f"{session}:ann"] == office.wanted("peer")[f"{session}:ann"] == "keep"


def test_a_recording_is_archived_under_the_conversation_with_its_times(office: Office) -> None:
    office.hear(ringing(), accepted(), closed())
    office.upload()
    office.work()
    stores = office.pair.accounts["main"].stores
    ((path, blob),) = stores.archive.blobs.items()
    assert path == "source=contoso/year=2026/month=11/day=22/conversation=c1/screen-s1-ann-1.mp4"
    assert blob.copy.media_type == "video/mp4"
    assert blob.data == b"video" * 900
    sidecar = json.loads(stores.archive.sidecars[path.replace("mp4", "json")])
    assert sidecar["screen"]["workstation"] == "pc-1"
    assert sidecar["screen"]["ended_at"] == "2026-11-22T10:01:00Z"
    for node in ("main", "peer"):
        (entry,) = office.pair.accounts[node].stores.ledger.entries.values()
        assert entry.screen is not None
        assert entry.state == "archived"


def test_a_recording_that_both_nodes_are_given_is_archived_once(office: Office) -> None:
    office.hear(ringing(), accepted(), closed())
    office.upload("main")
    office.work()
    office.upload("peer")
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}
    assert office.pair.archived("peer") == set()


def test_another_recording_of_the_same_name_is_not_lost(office: Office) -> None:
    office.hear(ringing(), accepted(), closed())
    office.upload("main", video=b"one" * 100)
    office.work()
    office.upload("main", video=b"two" * 100)
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1", "screen-s1-ann-10001"}


def test_a_recording_waits_for_the_end_of_its_session(office: Office) -> None:
    office.hear(ringing(), accepted())
    office.upload()
    office.work()
    assert office.pair.archived("main") == set()
    office.hear(closed())
    office.pair.clock.advance(10)
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}


def test_what_nobody_accepted_is_not_archived(office: Office) -> None:
    office.hear(ringing(), closed())
    office.upload()
    office.work()
    assert office.pair.archived("main") == set()
    assert office.pair.accounts["main"].stores.staged.blobs == {}


def test_bytes_that_were_not_reported_are_never_archived_and_stay(office: Office) -> None:
    office.hear(ringing(), accepted(), closed())
    office.upload(video=b"good")
    ((name, (_, when)),) = office.pair.accounts["main"].stores.staged.blobs.items()
    office.pair.accounts["main"].stores.staged.blobs[name] = (b"evil", when)
    for _ in range(6):
        office.work()
        office.pair.clock.advance(100)
    assert office.pair.archived("main") == set()
    assert name in office.pair.accounts["main"].stores.staged.blobs
    assert [queue for queue, _ in office.pair.accounts["main"].stores.state.rejected()] == ["screenfile"]


@pytest.mark.parametrize(
    "call",
    [
        "archive.commit",
        "archive.put_sidecar",
        "interactions.add",
        "ledger.merge",
        "watermarks.send",
        "boards.change",
        "staged.remove",
    ],
)
def test_a_hand_over_that_is_killed_anywhere_is_finished_by_the_next_delivery(office: Office, call: str) -> None:
    class Killed(Exception):
        pass

    office.hear(ringing(), accepted(), closed())
    office.upload()
    stores = office.pair.accounts["main"].stores
    body = stores.screen_files.bodies()[0]
    office.pair.accounts["main" if "watermarks" not in call else "peer"].power.fail_next(call, error=Killed())
    with pytest.raises(Killed):
        office.pair.members["main"].node.screen_file(body)
    office.pair.start("main")
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}
    assert stores.staged.blobs == {}
    assert office.board("main", "pc-1").orders["s1:ann"].archived
    assert len(office.pair.accounts["peer"].stores.ledger.entries) == 1


def test_a_session_shorter_than_asked_for_is_deleted() -> None:
    office = Office(Pair({"DESKTOP_SECRET": SECRET, "SCREEN_MIN_SECONDS": "30"}))
    office.sign_in("pc-1", "ann@contoso.com")
    office.hear(ringing(), accepted(when=5), closed(when=34))
    office.hear(ringing(SessionId("s2")), accepted(SessionId("s2"), 5), closed(SessionId("s2"), 35))
    assert office.wanted("main") == {"s1:ann": "delete", "s2:ann": "keep"}


def test_other_channels_are_not_recorded(office: Office) -> None:
    chat = AgentSession(S1, ringing().conversation_id, ringing().owner, 192360000, assigned_on=at(1))
    office.hear(chat)
    assert office.wanted("main") == {}
    assert office.pair.accounts["main"].stores.alarms.alarms == {}


def test_an_agent_without_a_workstation_is_an_alarm_until_he_signs_in(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    office = Office()
    office.hear(ringing(), ringing())
    assert "seat s1:ann" in office.pair.accounts["main"].stores.alarms.alarms
    assert caplog.text.count("event=agent_without_workstation node=main") == 1
    assert office.pair.members["main"].node.status.read()["screens"]["alarms"] == 1
    office.sign_in("pc-1", "ann@contoso.com", "main")
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}
    assert office.pair.accounts["main"].stores.alarms.alarms == {}


def test_a_bot_has_no_workstation_and_that_is_no_alarm(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    bot = AgentId("bot")
    office.pair.source.agents[bot] = Agent(bot, "IVR", is_program=True)
    office.hear(ringing(agent=bot), accepted())
    assert office.pair.accounts["main"].stores.alarms.alarms == {}
    assert "agent_without_workstation" not in caplog.text
    office.hear(ringing(when=9))
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}


def test_nobody_waits_for_dynamics_to_say_who_an_agent_is_twice() -> None:
    later: list[Callable[[], None]] = []
    office = Office(Pair({"DESKTOP_SECRET": SECRET}, background=later.append))
    for workstation in ("pc-1", "pc-3"):
        office.sign_in(workstation, f"ann@{workstation}.example")
    office.pair.source.agents[ANN] = Agent(ANN, email="ann@pc-1.example")
    office.hear(ringing())
    assert office.wanted("main", "pc-1") == {"s1:ann": "record"}
    office.pair.source.agents[ANN] = Agent(ANN, email="ann@pc-3.example")
    later.clear()
    before = office.pair.source.calls.count("agent")
    office.hear(ringing(SessionId("s2")))
    assert office.pair.source.calls.count("agent") == before
    assert "s2:ann" in office.wanted("main", "pc-1")
    for work in later:
        work()
    office.hear(ringing(SessionId("s3")))
    assert office.wanted("main", "pc-3") == {"s3:ann": "record"}


def test_free_seating_follows_the_agent_from_call_to_call(office: Office) -> None:
    office.hear(ringing())
    office.sign_in("pc-3", "ann@contoso.com", since=30)
    office.hear(accepted(), ringing(SessionId("s2")))
    office.hear(closed())
    assert office.wanted("main", "pc-1") == {"s1:ann": "keep"}
    assert office.wanted("main", "pc-3") == {"s2:ann": "record"}


def test_who_moves_in_the_middle_of_a_session_is_stopped_where_it_began(office: Office) -> None:
    office.hear(ringing(), accepted())
    office.sign_in("pc-3", "ann@contoso.com", since=30)
    body = {"signed_in_at": at(0).isoformat()}
    assert office.call("main", "pc-1", "sign_out", body).status == 204
    office.work()
    for node in ("main", "peer"):
        assert office.wanted(node, "pc-1") == {"s1:ann": "record"}
    office.pair.start("peer")
    office.hear(closed(), node="peer")
    for node in ("main", "peer"):
        assert office.wanted(node, "pc-1") == {"s1:ann": "keep"}
        assert office.wanted(node, "pc-3") == {}


def test_of_two_workstations_the_latest_is_recorded_and_it_is_reported(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    office.sign_in("pc-3", "ann@contoso.com", since=30)
    office.hear(ringing())
    assert office.wanted("main", "pc-1") == {}
    assert office.wanted("main", "pc-3") == {"s1:ann": "record"}
    assert "event=workstations_doubled node=main agent=ann workstation=pc-3 others=pc-1" in caplog.text


def test_who_has_signed_out_is_not_recorded_there(office: Office) -> None:
    body = {"signed_in_at": at(0).isoformat()}
    late = {"signed_in_at": at(99).isoformat()}
    assert office.call("main", "pc-2", "sign_out", late).status == 204
    assert office.call("main", "pc-1", "sign_out", body).status == 204
    office.work()
    office.hear(ringing(), ringing(SessionId("s2"), BOB))
    assert office.wanted("main", "pc-1") == office.wanted("peer", "pc-1") == {}
    assert office.wanted("main", "pc-2") == {"s2:bob": "record"}


def test_a_session_that_is_given_to_another_agent_ends_at_the_first(office: Office) -> None:
    office.hear(ringing(), ringing(agent=BOB, when=9))
    assert office.wanted("main", "pc-1") == {"s1:ann": "delete"}
    assert office.wanted("main", "pc-2") == {"s1:bob": "record"}


def test_forwarded_facts_are_applied_and_not_forwarded_again(office: Office) -> None:
    before = len(office.pair.accounts["main"].stores.screens.sent)
    office.hear(ringing())
    sent = [screen_facts.from_json(body) for body in office.pair.accounts["peer"].stores.screens.sent]
    assert [fact.forwarded for fact in sent if fact.session is not None] == [True]
    assert len(office.pair.accounts["main"].stores.screens.sent) == before
    applied = office.pair.members["peer"].node.status.read()["screens"]["applied"]
    office.pair.members["peer"].node.screen(screen_facts.to_json(sent[-1]))
    assert office.wanted("peer") == {"s1:ann": "record"}
    assert office.pair.members["peer"].node.status.read()["screens"]["applied"] == applied + 1


def test_nothing_waits_on_the_other_region_and_nothing_is_lost(office: Office) -> None:
    office.pair.accounts["peer"].power.down = True
    office.pair.members["main"].node.screen(screen_facts.to_json(office.fact(ringing())))
    assert office.wanted("main") == {"s1:ann": "record"}
    assert office.pair.accounts["main"].stores.screen_outbox.count(10) == 1
    office.pair.accounts["peer"].power.down = False
    office.pair.clock.advance(60)
    office.pair.members["main"].node.screen_sweep()
    office.sign_in("pc-1", "ann@contoso.com")
    office.work()
    assert office.wanted("peer") == {"s1:ann": "record"}


def test_what_is_incomplete_is_read_back(office: Office) -> None:
    office.pair.source.put_session(merge_sessions(ringing(), accepted()))
    office.hear(accepted())
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}
    assert office.pair.source.calls.count("session_of") == 1


def test_a_cut_payload_is_read_back_by_its_row(office: Office) -> None:
    office.pair.source.related["msdyn_sessionparticipant", "p1"] = merge_sessions(ringing(), consulted())
    fact = ScreenFact(
        office.fact(ringing()).heard_by,
        "e",
        office.pair.clock.now(),
        read_back=RowRef("msdyn_sessionparticipant", "p1"),
    )
    office.pair.members["main"].node.screen(screen_facts.to_json(fact))
    office.work()
    assert office.wanted("main", "pc-2") == office.wanted("peer", "pc-2") == {"s1:bob": "keep"}


def test_when_dynamics_cannot_be_read_what_is_known_is_used_and_the_rest_comes_later(office: Office) -> None:
    office.hear(ringing())
    office.pair.source.session_failures += [Transient("down")]
    office.pair.source.put_session(merge_sessions(ringing(SessionId("s2")), accepted(SessionId("s2"))))
    office.hear(accepted(SessionId("s2")))
    assert office.wanted("main") == {"s1:ann": "record"}
    office.pair.clock.advance(10)
    office.work()
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record", "s2:ann": "record"}


def test_the_sweep_repairs_what_no_webhook_has_said(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    office.pair.turn()
    office.pair.source.put_session(ringing())
    office.pair.turn()
    office.work()
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}
    office.pair.source.put_session(merge_sessions(merge_sessions(ringing(), accepted()), closed()))
    office.pair.turn()
    office.work()
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep"}
    assert caplog.text.count("event=session_repaired") == 2
    assert office.pair.accounts["main"].stores.sessions.listed == set()


def test_the_sweep_finds_what_ended_long_ago_and_forgets_what_is_gone(office: Office) -> None:
    office.pair.turn()
    office.hear(ringing(), accepted(), ringing(SessionId("s2"), BOB))
    office.pair.source.put_session(merge_sessions(merge_sessions(ringing(), accepted()), closed()))
    office.pair.clock.advance(3600)
    office.pair.turn()
    office.pair.turn()
    office.work()
    assert office.wanted("main") == {"s1:ann": "keep"}
    assert office.pair.accounts["main"].stores.sessions.listed == set()


def test_a_call_that_lasts_too_long_is_an_alarm(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    office.pair.source.put_session(merge_sessions(ringing(), accepted()))
    office.pair.turn()
    office.pair.turn()
    assert "long_call" not in caplog.text
    office.pair.clock.advance(7200)
    for _ in range(3):
        office.pair.turn()
    assert caplog.text.count("event=long_call node=main session=s1 minutes=120") == 1


def test_what_is_staged_of_a_missed_call_is_thrown_away(office: Office) -> None:
    office.hear(ringing())
    said = office.call("main", "pc-1", "upload", {"agent_id": "ann"}, "s1")
    staged = office.pair.accounts["main"].stores.staged
    staged.append(json.loads(said.body)["upload_url"], b"x")
    office.hear(closed())
    office.pair.clock.advance(4000)
    office.pair.turn()
    assert staged.blobs == {}


def test_what_is_staged_here_and_archived_by_the_other_node_is_thrown_away_later(office: Office) -> None:
    office.hear(ringing(), accepted(), closed())
    said = office.call("main", "pc-1", "upload", {"agent_id": "ann"}, "s1")
    staged = office.pair.accounts["main"].stores.staged
    staged.append(json.loads(said.body)["upload_url"], b"video")  # then main is away, and the desktop goes over
    other = staged.blobs | {"pc-1/s1/ann-2.mp4": (b"not archived", office.pair.clock.now())}
    staged.blobs.update(other)
    office.upload("peer")
    office.work()
    assert office.pair.archived("peer") == {"screen-s1-ann-1"}
    office.pair.turn()
    assert len(staged.blobs) == 2, "not at once: main may be about to hand it over"
    office.pair.clock.advance(4000)
    office.pair.turn()
    assert list(staged.blobs) == ["pc-1/s1/ann-2.mp4"]


def test_without_desktops_dynamics_is_not_asked_for_sessions() -> None:
    pair = Pair()
    for _ in range(3):
        pair.turn()
    assert "sessions_since" not in pair.source.calls


def test_a_fact_that_changes_nothing_for_a_desktop_costs_no_call_to_its_board(office: Office) -> None:
    office.hear(ringing())
    calls = office.pair.accounts["main"].power.calls
    before = len(calls)
    office.hear(accepted())
    assert [call for call in calls[before:] if not call.startswith("screens.")] == ["sessions.merge"]


def test_what_another_instance_has_placed_is_ended_too(office: Office) -> None:
    office.hear(ringing())
    office.pair.start("main")
    office.pair.start("peer")
    office.hear(closed())
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "delete"}


def test_nothing_is_deleted_whose_accept_is_only_late(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    office.pair.source.put_session(merge_sessions(merge_sessions(ringing(), accepted()), closed()))
    office.hear(ringing(), closed(), node="peer")
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep"}
    assert "wanted=delete" not in caplog.text


def test_when_dynamics_cannot_be_asked_deleting_waits_a_minute(office: Office) -> None:
    office.hear(ringing())
    office.pair.source.session_failures += [Transient("down")] * 7
    office.hear(closed())
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "record"}
    for _ in range(6):
        office.pair.clock.advance(10)
        office.work()
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "delete"}


def test_what_dynamics_refuses_to_say_is_done_without(office: Office) -> None:
    office.pair.source.session_failures += [Permanent("bad request")]
    office.hear(ringing(), closed())
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "delete"}
