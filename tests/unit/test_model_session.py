"""Sessions, sign-ins and boards are joins, and what is wanted of a seat only ever goes forward."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.model.board import ArchivedPart, Board, Order, merge_orders
from capture.model.conversation import Agent
from capture.model.identity import AgentId, ConversationId, NodeName, SessionId
from capture.model.session import (
    AgentSession,
    Mark,
    MarkKind,
    Participation,
    Seat,
    Stamped,
    Wanted,
    merge_sessions,
    seats,
    wanted,
)
from capture.model.workstation import SignIn, merge_sign_ins, workstation_of

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DAYS = timedelta(hours=72)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


times = st.integers(0, 20).map(at)
maybe = st.none() | times
ANN, BOB, CLEO = (AgentId(name) for name in ("ann", "bob", "cleo"))
agents = st.sampled_from([ANN, BOB, CLEO])
marks = st.lists(
    st.builds(Mark, kind=st.sampled_from(MarkKind), id=st.sampled_from(["1", "2"]), begun_at=maybe, ended_at=maybe),
    max_size=3,
    unique_by=lambda mark: (mark.kind, mark.id),
).map(lambda some: tuple(sorted(some)))
participants = st.lists(
    st.builds(
        Participation,
        id=st.sampled_from(["p1", "p2", "p3"]),
        agent_id=st.none() | agents,
        mode=st.sampled_from([None, "Primary", "Consult", "Monitor", "Preview"]),
        called_on=maybe,
        joined_on=maybe,
        left_on=maybe,
    ),
    max_size=3,
    unique_by=lambda each: each.id,
).map(lambda some: tuple(sorted(some, key=lambda each: each.id)))
sessions = st.builds(
    AgentSession,
    id=st.just(SessionId("s1")),
    conversation_id=st.sampled_from([None, ConversationId("c1")]),
    owner=st.none() | st.builds(Stamped, at=times, value=agents),
    channel=st.sampled_from([None, 192440000, 192360000]),
    created_on=maybe,
    assigned_on=maybe,
    accepted_on=maybe,
    closed_on=maybe,
    closure=st.none() | st.builds(Stamped, at=times, value=st.sampled_from(["AgentReject", "AgentTimeout"])),
    primary_id=st.sampled_from([None, SessionId("s0")]),
    marks=marks,
    participants=participants,
)


@given(sessions, sessions, sessions)
def test_sessions_join(one: AgentSession, other: AgentSession, third: AgentSession) -> None:
    assert merge_sessions(one, other) == merge_sessions(other, one)
    assert merge_sessions(one, one) == one
    assert merge_sessions(merge_sessions(one, other), third) == merge_sessions(one, merge_sessions(other, third))


# What a seat's times are in one row cannot be taken back by a later fact about the same rows.
same_people = st.builds(
    AgentSession,
    id=st.just(SessionId("s1")),
    owner=st.none() | st.builds(Stamped, at=times, value=st.just(ANN)),
    assigned_on=maybe,
    accepted_on=maybe,
    closed_on=maybe,
)


@given(same_people, same_people, st.integers(0, 10))
def test_what_is_wanted_of_the_owner_never_goes_back(one: AgentSession, other: AgentSession, least: int) -> None:
    joined = {seat.agent_id: wanted(seat, least) for seat in seats(merge_sessions(one, other))}
    for seat in seats(one):
        assert joined[seat.agent_id].rank >= wanted(seat, least).rank


@pytest.mark.parametrize(
    ("called", "accepted", "closed", "least", "expected"),
    [
        (None, None, None, 0, Wanted.NOTHING),
        (None, None, 9, 0, Wanted.NOTHING),
        (1, None, None, 0, Wanted.RECORD),
        (1, 3, None, 0, Wanted.RECORD),
        (1, 3, None, 60, Wanted.RECORD),
        (1, None, 9, 0, Wanted.DELETE),
        (1, 3, 9, 0, Wanted.KEEP),
        (1, 3, 9, 6, Wanted.KEEP),
        (1, 3, 9, 7, Wanted.DELETE),
        (1, 9, 3, 0, Wanted.KEEP),
        (1, 9, 3, 1, Wanted.DELETE),
    ],
)
def test_what_is_wanted(
    called: float | None, accepted: float | None, closed: float | None, least: float, expected: Wanted
) -> None:
    called_on, accepted_on, closed_on = (at(each) if each is not None else None for each in (called, accepted, closed))
    seat = Seat(SessionId("s1"), None, ANN, called_on, accepted_on, closed_on, "Primary")
    assert wanted(seat, least) is expected


OWNED = AgentSession(
    SessionId("s1"), ConversationId("c1"), Stamped(at(0), ANN), 192440000, assigned_on=at(1), accepted_on=at(4)
)


def part(name: str, agent: AgentId, mode: str | None, *when: float | None) -> Participation:
    called, joined, left = (at(each) if each is not None else None for each in (*when, None, None, None)[:3])
    return Participation(name, agent, mode, called, joined, left)


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        (AgentSession(SessionId("s1")), []),
        (OWNED, [(ANN, 1, 4, None, "Primary")]),
        (replace(OWNED, closed_on=at(9)), [(ANN, 1, 4, 9, "Primary")]),
        (replace(OWNED, assigned_on=None), [(ANN, 4, 4, None, "Primary")]),
        # The owner's participation adds its times; that he has left does not end what lasts until the session's end.
        (
            replace(OWNED, accepted_on=None, participants=(part("p1", ANN, "Primary", 0, 5, 8),)),
            [(ANN, 0, 5, None, "Primary")],
        ),
        (
            replace(OWNED, participants=(part("p2", BOB, "Consult", 5, 6, 8),)),
            [(ANN, 1, 4, None, "Primary"), (BOB, 5, 6, 8, "Consult")],
        ),
        # Who left and came back has not left.
        (
            replace(OWNED, participants=(part("p2", BOB, "Consult", 5, 6, 8), part("p3", BOB, "Consult", 9))),
            [(ANN, 1, 4, None, "Primary"), (BOB, 5, 6, None, "Consult")],
        ),
        (
            replace(OWNED, closed_on=at(7), participants=(part("p2", BOB, "Consult", 5),)),
            [(ANN, 1, 4, 7, "Primary"), (BOB, 5, None, 7, "Consult")],
        ),
        (replace(OWNED, participants=(part("p2", BOB, "Monitor", 5, 6),)), [(ANN, 1, 4, None, "Primary")]),
        (replace(OWNED, participants=(part("p2", BOB, "Preview", 5, 6),)), [(ANN, 1, 4, None, "Primary")]),
        (replace(OWNED, participants=(part("p2", BOB, None, 5, 6),)), [(ANN, 1, 4, None, "Primary")]),
        (replace(OWNED, owner=None, participants=(part("p2", BOB, "Primary", 5),)), [(BOB, 5, None, None, "Primary")]),
    ],
)
def test_whose_screens_they_are(session: AgentSession, expected: list[tuple[object, ...]]) -> None:
    def number(when: datetime | None) -> float | None:
        return None if when is None else (when - START).total_seconds()

    assert [
        (each.agent_id, number(each.called_on), number(each.accepted_on), number(each.closed_on), each.mode)
        for each in seats(session)
    ] == expected


def test_a_session_is_complete_when_it_says_whose_and_what_it_is() -> None:
    assert OWNED.complete
    assert not replace(OWNED, channel=None).complete
    assert not replace(OWNED, owner=None).complete
    assert not replace(OWNED, conversation_id=None).complete
    assert not replace(OWNED, participants=(part("p2", BOB, None, 5),)).complete


sign_ins = st.builds(
    SignIn,
    workstation=st.just("pc-1"),
    user=st.sampled_from(["ann@contoso.com", "CONTOSO\\bob"]),
    signed_in_at=times,
    seen_at=times,
    signed_out_at=maybe,
)


@given(sign_ins, sign_ins, sign_ins)
def test_sign_ins_join(one: SignIn, other: SignIn, third: SignIn) -> None:
    assert merge_sign_ins(one, other) == merge_sign_ins(other, one)
    assert merge_sign_ins(one, one) == one
    assert merge_sign_ins(merge_sign_ins(one, other), third) == merge_sign_ins(one, merge_sign_ins(other, third))


PERSON = Agent("ann", email="Ann@Contoso.com", domain_name="CONTOSO\\Ann", entra_object_id="0f3c")


@pytest.mark.parametrize("user", ["ann@contoso.com", "contoso\\ANN", " ANN@contoso.COM ", "0F3C"])
def test_an_agent_is_found_under_every_name(user: str) -> None:
    seat, rivals = workstation_of(PERSON, [SignIn("pc-1", user, at(0), at(0))], at(9), gone_after=timedelta(minutes=1))
    assert seat is not None
    assert rivals == ()


def test_the_latest_sign_in_wins_and_the_others_are_named() -> None:
    some = [SignIn(f"pc-{number}", "ann@contoso.com", at(number), at(9)) for number in (2, 3, 1)]
    seat, rivals = workstation_of(PERSON, some, at(9), gone_after=timedelta(minutes=1))
    assert seat == some[1]
    assert [each.workstation for each in rivals] == ["pc-2", "pc-1"]


def test_who_has_signed_out_or_was_not_heard_of_sits_nowhere() -> None:
    out = SignIn("pc-1", "ann@contoso.com", at(0), at(9), at(9))
    lost = SignIn("pc-2", "ann@contoso.com", at(0), at(0))
    other = SignIn("pc-3", "bob@contoso.com", at(0), at(99))
    assert workstation_of(PERSON, [out, lost, other], at(100), gone_after=timedelta(minutes=1)) == (None, ())


def test_nobody_without_names_is_found() -> None:
    assert workstation_of(Agent("x", email=" "), [SignIn("pc", "", at(0), at(0))], at(0), gone_after=timedelta(1)) == (
        None,
        (),
    )


orders = st.builds(
    Order,
    session_id=st.just(SessionId("s1")),
    agent_id=st.just(ANN),
    conversation_id=st.sampled_from([None, ConversationId("c1")]),
    wanted=st.sampled_from([Wanted.RECORD, Wanted.STOP, Wanted.DELETE, Wanted.KEEP]),
    at=times,
    heard_at=times,
    archived_parts=st.frozensets(st.builds(ArchivedPart, st.integers(1, 2), st.sampled_from("ab"))),
)


@given(orders, orders, orders)
def test_orders_join(one: Order, other: Order, third: Order) -> None:
    assert merge_orders(one, other) == merge_orders(other, one)
    assert merge_orders(one, one) == one
    assert merge_orders(merge_orders(one, other), third) == merge_orders(one, merge_orders(other, third))


def test_a_late_accept_keeps_and_nothing_goes_back() -> None:
    def order(what: Wanted, when: float) -> Order:
        return Order(SessionId("s1"), ANN, None, what, at(when), at(when))

    board = Board("pc-1", NodeName("main"))
    steps = ((Wanted.RECORD, 1), (Wanted.STOP, 1.5), (Wanted.DELETE, 2), (Wanted.KEEP, 3), (Wanted.DELETE, 4))
    for what, when in steps:
        board = board.placing(order(what, when), at(when), DAYS)
    assert [(each.wanted, each.at) for each in board.orders.values()] == [(Wanted.KEEP, at(3))]
    assert board.placing(order(Wanted.RECORD, 5), at(5), DAYS) is board
    assert board.placing(order(Wanted.STOP, 5), at(5), DAYS) is board
    one, two = ArchivedPart(1, "a"), ArchivedPart(2, "b")
    marked = board.archiving("s1:ann", one)
    assert marked.orders["s1:ann"].archived_parts == {one}
    assert marked.archiving("s1:ann", one) is marked
    assert marked.archiving("s1:ann", two).orders["s1:ann"].archived_parts == {one, two}
    assert board.archiving("s2:ann", one) is board


def test_ended_orders_go_when_their_desktop_is_given_up_and_running_and_undecided_ones_stay() -> None:
    board = Board("pc-1", NodeName("main"))
    for name, what in (("s1", Wanted.RECORD), ("s2", Wanted.KEEP), ("s4", Wanted.STOP)):
        board = board.placing(Order(SessionId(name), ANN, None, what, at(0), at(0)), at(0), DAYS)
    for late, left in (
        (at(72 * 3600 - 1), ["s1:ann", "s2:ann", "s3:ann", "s4:ann"]),
        (at(72 * 3600), ["s1:ann", "s3:ann", "s4:ann"]),
    ):
        board = board.placing(Order(SessionId("s3"), ANN, None, Wanted.RECORD, late, late), late, DAYS)
        assert sorted(board.orders) == left
