"""Screens, with both nodes in one process: the same boards and the same archive whatever happens on the way."""

import itertools
import random

import pytest

from capture.errors import CaptureError, Permanent, Transient
from capture.messages import RowRef, ScreenFact, screen_facts
from capture.model.identity import SessionId
from capture.model.session import AgentSession, merge_sessions
from tests.office import BOB, S1, SECRET, Office, accepted, at, closed, consulted, ringing
from tests.pair import Pair


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
        assert all(
            order.archived_parts for name in ("pc-1", "pc-2") for order in office.board(node, name).orders.values()
        )
        assert office.pair.accounts[node].stores.staged.blobs == {}


def test_all_orders_of_three_facts_order_the_same(office: Office) -> None:
    for number, order in enumerate(itertools.permutations([ringing, accepted, closed])):
        session = SessionId(f"t{number}")
        office.hear(*(make(session) for make in order))
        assert office.wanted("main")[f"{session}:ann"] == office.wanted("peer")[f"{session}:ann"] == "keep"


def test_a_session_shorter_than_asked_for_is_deleted() -> None:
    office = Office(Pair({"DESKTOP_SECRET": SECRET, "SCREEN_MIN_SECONDS": "30"}))
    office.sign_in("pc-1", "ann@contoso.com")
    office.hear(ringing(), accepted(when=5), closed(when=34))
    office.hear(ringing(SessionId("s2")), accepted(SessionId("s2"), 5), closed(SessionId("s2"), 35))
    assert office.wanted("main") == {"s1:ann": "delete", "s2:ann": "keep"}


def test_a_session_that_seems_too_short_is_looked_up_before_it_is_deleted() -> None:
    office = Office(Pair({"DESKTOP_SECRET": SECRET, "SCREEN_MIN_SECONDS": "30"}))
    office.sign_in("pc-1", "ann@contoso.com")
    office.pair.source.put_session(merge_sessions(merge_sessions(ringing(), accepted()), closed()))
    office.hear(ringing(), accepted(when=40), closed())
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep"}


def test_other_channels_are_not_recorded(office: Office) -> None:
    chat = AgentSession(S1, ringing().conversation_id, ringing().owner, 192360000, assigned_on=at(1))
    office.hear(chat)
    assert office.wanted("main") == {}
    assert office.pair.accounts["main"].stores.alarms.alarms == {}


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


def test_while_dynamics_cannot_be_asked_nothing_is_deleted_and_the_desktop_stops(office: Office) -> None:
    office.hear(ringing())
    office.pair.source.session_failures += [Transient("down")] * 31
    office.hear(closed())
    for _ in range(30):
        assert office.wanted("main") == {"s1:ann": "stop"}
        assert office.wanted("peer") == {"s1:ann": "record"}
        office.pair.clock.advance(10)
        office.work()
    office.pair.clock.advance(10)
    office.work()
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "delete"}
    assert office.pair.accounts["main"].stores.sessions.listed == set()


def test_an_accept_that_dynamics_tells_of_in_the_end_keeps(office: Office) -> None:
    office.hear(ringing())
    office.pair.source.session_failures += [Transient("down")] * 20
    office.hear(closed())
    for _ in range(19):
        office.pair.clock.advance(10)
        office.work()
    assert office.wanted("main") == {"s1:ann": "stop"}
    office.pair.source.put_session(merge_sessions(merge_sessions(ringing(), accepted()), closed()))
    office.pair.clock.advance(10)
    office.work()
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep"}


def test_an_accept_that_a_webhook_tells_of_after_all_keeps(office: Office) -> None:
    office.hear(ringing())
    office.pair.source.session_failures += [Transient("down")]
    office.hear(closed(), accepted())
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep"}


@pytest.mark.parametrize("error", [Permanent("bad request"), Transient("down")])
@pytest.mark.parametrize("answered", [True, False])
def test_what_dynamics_did_not_say_when_asked_the_sweep_decides(
    office: Office, error: CaptureError, *, answered: bool
) -> None:
    office.pair.turn()
    office.hear(ringing())
    office.pair.source.session_failures += [error] * 1000
    office.hear(closed())
    now = merge_sessions(ringing(), closed())
    office.pair.source.put_session(merge_sessions(now, accepted()) if answered else now)
    office.pair.clock.advance(7200)
    office.pair.turn()
    assert office.wanted("main") == {"s1:ann": "stop"}
    office.pair.source.session_failures.clear()
    office.pair.turn()
    office.work()
    assert office.wanted("main") == office.wanted("peer") == {"s1:ann": "keep" if answered else "delete"}
    assert office.pair.accounts["main"].stores.sessions.listed == set()
