"""A store that cannot be reached, that does not answer, or whose answer is lost on the way."""

import time
from collections.abc import Callable, Iterator

import pytest

from capture.connection import StorageConnection
from capture.errors import SettingsError, Transient
from capture.model.authority import Cursor, Heartbeat, Preference, Revocation, RoleName, Watermark, Yields
from capture.model.catalogue import finding
from capture.model.day import DayReport
from capture.model.evidence import Archived
from capture.model.hold import HeldRecording, Hold
from capture.model.identity import ConversationId, Epoch, RecordingId
from capture.model.ledger import ParkedRecording, RejectedMessage
from capture.model.recording import JobState
from capture.model.reign import Reign
from capture.model.request import Item, Kind, Request
from capture.model.retention import Expiring
from capture.ports import Listening
from capture.storage.accounts import Patience
from capture.storage.stores import Names, OwnStore, open_own_store, open_peer_store, open_witness
from tests.contract import azurite
from tests.contract.values import MAIN, after, archived, conversation, copy_of, job
from tests.contract.wire import LossyWire, silence

NAMES = Names("main", "coordination", "recordings", "ingest", "watermark")
BRIEF = Patience(connect=0.5, read=0.3, repeats=1, pause=0.01)
BEAT = Heartbeat(MAIN, after(0), RoleName.READY, Epoch(0))
R, C = RecordingId("r"), ConversationId("c")


def upload(store: OwnStore, size: int) -> None:
    one = store.archive.upload("a/b.mp3")
    try:
        one.write(b"x" * size)
        one.commit(copy_of("r"), archived("r"), None)
    finally:
        one.abort()


REJECTED = RejectedMessage("0" * 32, "q", after(0), "x")

CALLS: dict[str, Callable[[OwnStore], object]] = {
    "ensure": lambda s: s.ensure(),
    "lease.acquire": lambda s: s.lease.acquire(15),
    "lease.renew": lambda s: s.lease.renew(15),
    "lease.release": lambda s: s.lease.release(),
    "lease.reign": lambda s: s.lease.reign(),
    "lease.write_reign": lambda s: s.lease.write_reign(Epoch(1), MAIN),
    "heartbeats.write": lambda s: s.heartbeats.write(BEAT),
    "heartbeats.read": lambda s: s.heartbeats.read(MAIN),
    "archive.find": lambda s: s.archive.find("a/b"),
    "archive.upload small": lambda s: upload(s, 1),
    "archive.upload large": lambda s: upload(s, 5000),
    "archive.put_sidecar": lambda s: s.archive.put_sidecar("a/b.mp3", b"{}"),
    "archive.size": lambda s: s.archive.size("a/b.mp3"),
    "archive.read": lambda s: s.archive.read("a/b.mp3", 0, 10),
    "archive.content": lambda s: s.archive.content("a/b.mp3"),
    "archive.hold": lambda s: s.archive.hold("a/b.mp3", on=True),
    "archive.remove": lambda s: s.archive.remove("a/b.mp3"),
    "queue.send": lambda s: s.ingest.send(b"{}"),
    "queue.length": lambda s: s.ingest.length(),
    "ledger.get": lambda s: s.ledger.get(R, after(0)),
    "ledger.merge": lambda s: s.ledger.merge(archived("r")),
    "ledger.known": lambda s: s.ledger.known(after(0), after(1)),
    "ledger.states": lambda s: s.ledger.states(after(0), after(1)),
    "ledger.calls": lambda s: list(s.ledger.calls(after(0), after(1))),
    "ledger.tally": lambda s: s.ledger.tally(after(0), after(1)),
    "ledger.between": lambda s: list(s.ledger.between(after(0), after(1))),
    "jobs.put one": lambda s: s.jobs.put([job("r")]),
    "jobs.put two": lambda s: s.jobs.put([job("r"), job("q")]),
    "jobs.remove": lambda s: s.jobs.remove(R, after(0)),
    "jobs.known": lambda s: s.jobs.known(after(0), after(1)),
    "jobs.between": lambda s: list(s.jobs.between(after(0), after(1))),
    "jobs.due": lambda s: s.jobs.due(after(0), 10, JobState.PENDING),
    "jobs.oldest": lambda s: s.jobs.oldest(),
    "jobs.outstanding": lambda s: s.jobs.outstanding(),
    "interactions.add": lambda s: s.interactions.add(archived("r"), None),
    "interactions.add_reading": lambda s: s.interactions.add_reading(conversation()),
    "interactions.get": lambda s: s.interactions.get("c"),
    "interactions.keys": lambda s: list(s.interactions.keys()),
    "open_conversations.put": lambda s: s.open_conversations.put(C, after(0), 1),
    "open_conversations.remove": lambda s: s.open_conversations.remove(C),
    "open_conversations.due": lambda s: s.open_conversations.due(after(0), 10),
    "outbox.put": lambda s: s.outbox.put(b"{}", after(0)),
    "outbox.oldest": lambda s: s.outbox.oldest(10),
    "outbox.remove": lambda s: s.outbox.remove("k"),
    "outbox.count": lambda s: s.outbox.count(10),
    "outbox.since": lambda s: s.outbox.since(),
    "jobs.given_to": lambda s: s.jobs.given_to(MAIN, 10),
    "state.preference": lambda s: s.state.preference(),
    "state.prefer": lambda s: s.state.prefer(Preference(Epoch(1), after(0), MAIN)),
    "state.revocation": lambda s: s.state.revocation(),
    "state.revoke": lambda s: s.state.revoke(Revocation(Epoch(1), after(0))),
    "state.yields": lambda s: s.state.yields(),
    "state.note_yield": lambda s: s.state.note_yield(Yields(after(0), 1)),
    "state.watermark": lambda s: s.state.watermark(),
    "state.raise_watermark": lambda s: s.state.raise_watermark(Watermark(Epoch(1), after(0))),
    "state.cursor": lambda s: s.state.cursor(),
    "state.put_cursor": lambda s: s.state.put_cursor(Cursor(Epoch(1), high=after(0), began_at=after(0))),
    "state.paused_until": lambda s: s.state.paused_until(),
    "state.pause_until": lambda s: s.state.pause_until(after(0)),
    "state.note_error": lambda s: s.state.note_error(after(0), "x"),
    "state.last_error": lambda s: s.state.last_error(),
    "state.reject": lambda s: s.state.reject("q", b"", "x", after(0)),
    "state.rejected": lambda s: s.state.rejected(),
    "state.rejected_messages": lambda s: s.state.rejected_messages(),
    "state.rejected_body": lambda s: s.state.rejected_body(REJECTED),
    "state.forget_rejected": lambda s: s.state.forget_rejected(REJECTED),
    "state.parked": lambda s: s.state.parked(),
    "state.note_parked": lambda s: s.state.note_parked(ParkedRecording(R, after(0), "x")),
    "state.forget_parked": lambda s: s.state.forget_parked(R),
    "state.held": lambda s: s.state.held(),
    "state.note_held": lambda s: s.state.note_held(HeldRecording(R, after(0), Hold(after(0), True, MAIN, "ann", "x"))),
    "state.forget_held": lambda s: s.state.forget_held(R),
    "expiries.put": lambda s: s.expiries.put(Expiring(after(0), after(0), R)),
    "expiries.due": lambda s: s.expiries.due(after(0), 10),
    "expiries.move": lambda s: s.expiries.move(Expiring(after(0), after(0), R), after(1)),
    "expiries.remove": lambda s: s.expiries.remove(Expiring(after(0), after(0), R)),
    "catalogue.add": lambda s: s.catalogue.add(finding(archived("r"), conversation())),
    "catalogue.search": lambda s: s.catalogue.search(after(0).date(), None, 10),
    "reigns.note": lambda s: s.reigns.note(Reign(Epoch(1), MAIN, after(0))),
    "reigns.latest": lambda s: s.reigns.latest(10),
    "listenings.note": lambda s: s.listenings.note(Listening(after(0), "who", "name", R)),
    "listenings.of_day": lambda s: s.listenings.of_day(after(0).date(), 10),
    "requests.get": lambda s: s.requests.get("one"),
    "requests.merge": lambda s: s.requests.merge(Request("one", Kind.RECOVER, after(0))),
    "requests.listed": lambda s: s.requests.listed(10),
    "requests.live": lambda s: s.requests.live(),
    "requests.remove": lambda s: s.requests.remove("one"),
    "requests.put_items": lambda s: s.requests.put_items("one", [Item("r", after(0), "why")]),
    "requests.items": lambda s: s.requests.items("one", 10),
    "requests.tally": lambda s: s.requests.tally("one"),
    "days.merge": lambda s: s.days.merge(DayReport("2026-11-22", after(0), 0, 0, 0, 0, 0, 0, 0, 0)),
    "days.listed": lambda s: s.days.listed(10),
    "log.add": lambda s: s.log.add(Archived(after(0), R, after(0), "a", 1, "0"), "2026-11-22T0000"),
    "log.of": lambda s: list(s.log.of("2026-11-22T0000")),
    "log.first_after": lambda s: s.log.first_after(""),
    "evidence.add": lambda s: s.evidence.add("a", b""),
    "evidence.read": lambda s: s.evidence.read("a"),
    "evidence.names": lambda s: s.evidence.names(MAIN),
}


def connection(blob: int, queue: int | None = None, table: int | None = None) -> StorageConnection:
    text = azurite.connection_string((blob, queue or blob, table or blob), "contract000")
    return StorageConnection("OWN_STORAGE", connection_string=text)


def test_every_call_of_every_store_is_in_the_list() -> None:
    store = open_own_store(connection(1), NAMES)
    kinds = {
        "lease",
        "heartbeats",
        "archive",
        "ledger",
        "jobs",
        "interactions",
        "open_conversations",
        "outbox",
        "state",
        "catalogue",
        "reigns",
        "listenings",
        "requests",
        "days",
        "log",
        "evidence",
    }
    every = {f"{kind}.{name}" for kind in kinds for name in dir(getattr(store, kind)) if not name.startswith("_")}
    assert every <= {call.partition(" ")[0] for call in CALLS}


@pytest.mark.parametrize("call", CALLS)
def test_nobody_listens(call: str) -> None:
    store = open_own_store(
        connection(azurite.free_ports()[0]), NAMES, patience=BRIEF, coordination=BRIEF, block_bytes=1000
    )
    began = time.monotonic()
    with pytest.raises(Transient, match="OWN_STORAGE"):
        CALLS[call](store)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "call", ["lease.acquire", "heartbeats.read", "archive.upload large", "queue.send", "ledger.merge"]
)
def test_nobody_answers(call: str) -> None:
    with silence() as port:
        store = open_own_store(connection(port), NAMES, patience=BRIEF, coordination=BRIEF, block_bytes=1000)
        began = time.monotonic()
        with pytest.raises(Transient, match="OWN_STORAGE"):
            CALLS[call](store)
        assert time.monotonic() - began < 2


def test_a_region_that_does_not_answer_costs_a_tick_little() -> None:
    with silence() as port:
        witness = open_witness(connection(port), NAMES)
        began = time.monotonic()
        with pytest.raises(Transient):
            witness.acquire(15)
        assert 1.5 < time.monotonic() - began < 3


def test_a_broken_connection_string_names_the_setting_and_nothing_else() -> None:
    broken = StorageConnection("PEER_STORAGE", connection_string="AccountKey=secret;nonsense=1")
    with pytest.raises(SettingsError) as caught:
        open_peer_store(broken, NAMES)
    assert "PEER_STORAGE" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.fixture
def wires(accounts: Iterator[str]) -> Iterator[tuple[OwnStore, dict[str, LossyWire]]]:
    """A store of the emulator behind wires that lose answers."""
    parts = dict(part.split("=", 1) for part in next(accounts).split(";") if part)
    services = ("Blob", "Queue", "Table")
    ports = {name: int(parts[f"{name}Endpoint"].split(":")[2].split("/")[0]) for name in services}
    lossy = {name: LossyWire(port) for name, port in ports.items()}
    near = azurite.connection_string(
        (lossy["Blob"].port, lossy["Queue"].port, lossy["Table"].port), parts["AccountName"]
    )
    patience = Patience(connect=2, read=5, repeats=2, pause=0.01)
    store = open_own_store(StorageConnection("OWN_STORAGE", near), NAMES, patience=patience, block_bytes=1000)
    store.ensure()
    yield store, lossy
    for wire in lossy.values():
        wire.close()


@pytest.mark.parametrize("size", [10, 5500])
def test_a_commit_whose_answer_was_lost_has_won(wires: tuple[OwnStore, dict[str, LossyWire]], size: int) -> None:
    store, lossy = wires
    one = store.archive.upload("a/b.mp3")
    for _ in range(size // 10):
        one.write(b"0123456789")
    if size > 1000:
        # So many blocks are staged that the next answer is that of the last block or of the commit itself.
        time.sleep(0.3)
    lossy["Blob"].lose(2)
    assert one.commit(copy_of("r"), archived("r"), None)
    assert lossy["Blob"].lost == 2
    assert store.archive.find("a/b") is not None
    late = store.archive.upload("a/b.mp3")
    late.write(b"0123456789")
    lossy["Blob"].lose(1)
    assert not late.commit(copy_of("r"), archived("r"), None)


def test_jobs_whose_answer_was_lost_are_written(wires: tuple[OwnStore, dict[str, LossyWire]]) -> None:
    store, lossy = wires
    lossy["Table"].lose()
    store.jobs.put([job("r"), job("q")])
    assert store.jobs.known(after(0), after(0)) == {"r", "q"}


def test_a_merge_whose_answer_was_lost_is_kept_once(wires: tuple[OwnStore, dict[str, LossyWire]]) -> None:
    store, lossy = wires
    lossy["Table"].lose()
    assert store.ledger.merge(archived("r")) == archived("r")
    assert store.ledger.known(after(0), after(0)) == {"r"}


def test_a_raised_watermark_whose_answer_was_lost_stays(wires: tuple[OwnStore, dict[str, LossyWire]]) -> None:
    store, lossy = wires
    mark = Watermark(Epoch(1), after(0))
    lossy["Table"].lose()
    assert store.state.raise_watermark(mark) == mark
    assert store.state.watermark() == mark


def test_a_connection_closed_while_it_lay_idle_costs_no_tick(wires: tuple[OwnStore, dict[str, LossyWire]]) -> None:
    store, lossy = wires
    assert store.lease.acquire(15)
    for call in ("lease.acquire", "lease.renew", "lease.reign", "heartbeats.write", "heartbeats.read"):
        lossy["Blob"].lose()
        CALLS[call](store)
    assert lossy["Blob"].lost == 5


def test_two_lost_answers_in_a_row_are_a_failure_of_the_lease(wires: tuple[OwnStore, dict[str, LossyWire]]) -> None:
    store, lossy = wires
    assert store.lease.acquire(15)
    lossy["Blob"].lose(2)
    with pytest.raises(Transient):
        store.lease.acquire(15)


def test_bytes_that_could_not_be_staged_are_not_committed(wires: tuple[OwnStore, dict[str, LossyWire]]) -> None:
    store, lossy = wires
    one = store.archive.upload("a/b.mp3")
    one.write(b"x" * 900)
    lossy["Blob"].lose(99)
    with pytest.raises(Transient):
        one.write(b"x" * 20_000)
    one.abort()
    lossy["Blob"].lose(0)
    assert store.archive.find("a/b") is None
