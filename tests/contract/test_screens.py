"""What a node keeps of screens: sessions, sign-ins, alarms, boards, and what desktops stage."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.storage.blob import BlobSasPermissions, BlobServiceClient, UserDelegationKey

from capture.errors import Transient
from capture.model.board import Board, Order
from capture.model.identity import AgentId, ConversationId, SessionId
from capture.model.session import AgentSession, Mark, MarkKind, Participation, Stamped, Wanted
from capture.model.workstation import Place, SignIn
from capture.ports import Alarm
from capture.storage.signature import Signer
from tests.contract.values import MAIN, ODD_IDS, after
from tests.contract.worlds import AzuriteWorld, World

ANN, BOB = AgentId("ann"), AgentId("bob")
FULL = AgentSession(
    SessionId("s1"),
    ConversationId("c1"),
    Stamped(after(1), ANN),
    192440000,
    created_on=after(0),
    assigned_on=after(1.25),
    closure=Stamped(after(2), "AgentReject"),
    primary_id=SessionId("s0"),
    marks=(Mark(MarkKind.HOLD, "h1", after(3), None),),
    participants=(Participation("p1", BOB, "Consult", after(1), after(2), None),),
)


@pytest.mark.parametrize("name", ["s1", *ODD_IDS])
def test_a_session_grows_by_merging(world: World, name: str) -> None:
    sessions = world.main.sessions
    session = replace(FULL, id=SessionId(name))
    assert sessions.get(session.id) is None
    assert sessions.merge(session) == (None, session)
    assert sessions.open(10) == [session.id]
    ended = AgentSession(session.id, closed_on=after(9))
    whole = replace(session, closed_on=after(9))
    assert sessions.merge(ended) == (session, whole)
    assert sessions.merge(ended) == (whole, whole)
    assert sessions.get(session.id) == whole
    sessions.close(session.id)
    sessions.close(session.id)
    assert sessions.open(10) == []
    sessions.merge(ended)
    assert sessions.open(10) == []


def test_an_open_session_is_listed_again_by_a_repeated_fact(world: World) -> None:
    sessions = world.main.sessions
    sessions.merge(FULL)
    sessions.close(FULL.id)
    sessions.merge(FULL)
    assert sessions.open(10) == [FULL.id]


def test_racing_facts_are_all_kept(world: World) -> None:
    def merge(number: int) -> None:
        mark = Mark(MarkKind.HOLD, f"h{number}", after(number))
        world.main.sessions.merge(AgentSession(SessionId("s1"), marks=(mark,)))

    with ThreadPoolExecutor(max_workers=6) as pool:
        list(pool.map(merge, range(6)))
    known = world.main.sessions.get(SessionId("s1"))
    assert known is not None
    assert len(known.marks) == 6


@pytest.mark.parametrize("name", ["s1", *ODD_IDS])
def test_the_first_place_of_a_seat_holds_until_it_is_moved(world: World, name: str) -> None:
    sessions, session = world.main.sessions, SessionId(name)
    assert sessions.places(session) == {}
    one, other = Place(ANN, "pc-1", after(0), after(1)), Place(AgentId(name), "pc-3", after(2.5), after(3))
    assert sessions.place(session, one) == one
    assert sessions.place(session, replace(one, workstation="pc-2")) == one
    assert sessions.place(session, other) == other
    sessions.merge(AgentSession(session))
    sessions.place(SessionId(f"{name}x"), replace(one, workstation="pc-9"))
    assert sessions.places(session) == {ANN: one, AgentId(name): other}
    moved = Place(ANN, "pc-2", after(5), after(6))
    sessions.move(session, moved)
    assert sessions.place(session, one) == moved
    assert sessions.places(session) == {ANN: moved, AgentId(name): other}


def test_sign_ins_merge_and_are_found_by_user(world: World) -> None:
    workstations = world.main.workstations
    first = SignIn("pc-1", "CONTOSO\\O'Ann", after(0), after(0))
    assert workstations.merge(first) == (None, first)
    seen = replace(first, seen_at=after(15))
    assert workstations.merge(seen) == (first, seen)
    assert workstations.merge(first) == (seen, seen)
    other = SignIn("pc-2", "bob@contoso.com", after(1), after(1), after(2))
    workstations.merge(other)
    assert workstations.signed_in_as(frozenset({"contoso\\o'ann", "nobody"})) == [seen]
    assert workstations.signed_in_as(frozenset({"bob@contoso.com", "contoso\\o'ann"})) == [seen, other]
    assert workstations.signed_in_as(frozenset()) == []
    assert workstations.at("pc-1") == seen
    assert workstations.at("pc-3") is None


def test_an_alarm_is_raised_once_and_taken_back(world: World) -> None:
    alarms = world.main.alarms
    one = Alarm("seat s1:ann", after(0.5), "agent without workstation 📞", SessionId("s1"))
    assert alarms.raise_(one)
    assert not alarms.raise_(replace(one, text="again"))
    assert alarms.raise_(Alarm("long s/2", after(1), "long"))
    assert alarms.listed(10) == [Alarm("long s/2", after(1), "long"), one]
    assert len(alarms.listed(1)) == 1
    assert [alarms.listed(10, prefix) for prefix in ("seat ", "long s/", "l", "long s/3", "lon ")] == [
        [one],
        [Alarm("long s/2", after(1), "long")],
        [Alarm("long s/2", after(1), "long")],
        [],
        [],
    ]
    alarms.clear(one.key)
    alarms.clear(one.key)
    assert alarms.listed(10) == [Alarm("long s/2", after(1), "long")]


def placed(name: str) -> Callable[[Board | None], Board]:
    order = Order(SessionId(name), ANN, ConversationId("c1"), Wanted.RECORD, after(0), after(0))
    return lambda board: (board or Board("pc-1", MAIN)).placing(order, after(0), timedelta(hours=72))


def test_a_board_is_changed_as_if_nobody_else_were_writing(world: World) -> None:
    boards = world.main.boards
    assert boards.get("pc-1") is None
    boards.change("pc-1", lambda _: None)
    assert boards.get("pc-1") is None
    with ThreadPoolExecutor(max_workers=5) as pool:
        list(pool.map(lambda number: boards.change("pc-1", placed(f"s{number}")), range(5)))
    board = boards.get("pc-1")
    assert board is not None
    assert sorted(board.orders) == [f"s{number}:ann" for number in range(5)]
    assert boards.get("pc-2") is None


def test_what_a_desktop_stages_is_read_in_pieces_and_deleted(world: World) -> None:
    staged, now = world.main.staged, datetime.now(UTC)
    name = "pc-1/s1/ann-1.mp4"
    assert staged.size(name) is None
    with pytest.raises(Transient):
        list(staged.read(name))
    address = staged.address(name, now, now + timedelta(hours=1))
    world.append(address, b"abc" * 500)
    world.append(address, b"def")
    assert staged.size(name) == 1503
    assert b"".join(staged.read(name)) == b"abc" * 500 + b"def"
    world.append(staged.address("pc-1/s1/ann-2.mp4", now, now + timedelta(hours=1)), b"x")
    assert (staged.used("pc-1/s1/ann-"), staged.used("pc-1/s1/bob-")) == (1504, 0)
    assert [found for found, _ in staged.listed("pc-1/s1/", 10)] == [name, "pc-1/s1/ann-2.mp4"]
    assert all(isinstance(when, datetime) for _, when in staged.listed("", 10))
    assert len(staged.listed("", 1)) == 1
    assert staged.listed("pc-2/", 10) == []
    staged.remove(name)
    staged.remove(name)
    assert staged.size(name) is None


def test_a_held_message_is_hidden_and_can_be_let_go(world: World) -> None:
    queue = world.main.ingest
    held = queue.hold(b"{}", 1)
    gone = queue.hold(b"[]", 1)
    assert queue.length() == 2
    assert world.receive() == []
    queue.let_go(gone)
    queue.let_go(gone)
    world.wait(1)
    assert world.receive() == [b"{}"]
    queue.let_go(held)
    assert queue.length() == 1


def test_the_two_outboxes_are_apart(world: World) -> None:
    world.main.outbox.put(b"watermark", after(0))
    world.main.screen_outbox.put(b"screen", after(0))
    ((key, body),) = world.main.screen_outbox.oldest(10)
    assert body == b"screen"
    world.main.screen_outbox.remove(key)
    assert world.main.screen_outbox.since() is None
    assert world.main.outbox.count(10) == 1


@pytest.fixture
def azurite(accounts: Iterator[str]) -> AzuriteWorld:
    return AzuriteWorld(next(accounts))


def test_an_upload_address_allows_nothing_else(azurite: AzuriteWorld) -> None:
    now = datetime.now(UTC)
    address = azurite.main.staged.address("pc-1/s1/ann-1.mp4", now, now + timedelta(hours=1))
    assert "spr=" not in address  # the emulator has http, on this machine alone
    azurite.append(address, b"abc")
    assert requests.get(address, timeout=10).status_code == 403
    assert requests.delete(address, timeout=10).status_code == 403
    other = address.replace("ann-1", "ann-2")
    assert requests.put(other, headers={"x-ms-blob-type": "AppendBlob"}, timeout=10).status_code == 403
    late = azurite.main.staged.address("pc-1/s1/ann-1.mp4", now - timedelta(hours=2), now - timedelta(hours=1))
    assert requests.put(f"{late}&comp=appendblock", data=b"x", timeout=10).status_code == 403


def test_a_board_address_reads_one_board_and_knows_what_is_old(azurite: AzuriteWorld) -> None:
    now = datetime.now(UTC)
    azurite.main.boards.change("pc-1", placed("s1"))
    azurite.main.boards.change("pc-2", placed("s1"))
    address = azurite.main.boards.address("pc-1", now, now + timedelta(hours=1))
    answer = requests.get(address, timeout=10)
    assert answer.status_code == 200
    (order,) = answer.json()["orders"].values()
    assert order["wanted"] == "record"
    assert order["at"].endswith("Z")
    assert order["archived_parts"] == []
    same = requests.get(address, headers={"If-None-Match": answer.headers["ETag"]}, timeout=10)
    assert same.status_code == 304
    assert requests.get(address.replace("pc-1", "pc-2"), timeout=10).status_code == 403
    assert requests.put(address, data=b"x", headers={"x-ms-blob-type": "BlockBlob"}, timeout=10).status_code == 403


def test_without_an_accounts_key_addresses_are_signed_by_a_delegation_key() -> None:
    blobs = BlobServiceClient("https://contosomain.blob.core.windows.net", _Nobody())
    signer, now = Signer(blobs, "OWN_STORAGE"), datetime.now(UTC)
    key = UserDelegationKey()
    key.signed_oid = key.signed_tid = "00000000-0000-0000-0000-000000000000"
    key.signed_start, key.signed_expiry = "2026-11-22T10:00:00Z", "2026-11-23T10:00:00Z"
    key.signed_service, key.signed_version, key.value = "b", "2026-10-06", "c2VjcmV0"
    signer._key, signer._key_until = key, now + timedelta(days=1)
    address = signer.address("screens", "pc-1/a b.mp4", BlobSasPermissions(add=True, create=True), now, now)
    assert address.startswith("https://contosomain.blob.core.windows.net/screens/pc-1/a%20b.mp4?")
    assert "&sp=ac&" in address
    assert "skoid=" in address
    assert "&spr=https&" in address
    blobs.close()


class _Nobody:
    """A credential that must not be asked for a token."""

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        raise AssertionError(f"asked for {scopes}")
