"""What was parked can be asked for again by its id, on either node."""

import pytest

from capture.errors import Permanent
from tests.office import ANN, Office, accepted, closed, ringing
from tests.pair import Pair, audio

NO_AUDIO = b"MZ\x90\x00" + bytes(600)


def pair_with_parked() -> tuple[Pair, str]:
    pair = Pair()
    pair.turn()
    recording = pair.publish(NO_AUDIO)
    for _ in range(3):
        pair.turn()
    assert [found["recording_id"] for found in pair.members["peer"].node.parked.listed()] == [recording.id]
    return pair, recording.id


def listed(pair: Pair) -> list[list[str]]:
    return [[found["recording_id"] for found in pair.members[name].node.parked.listed()] for name in ("main", "peer")]


@pytest.mark.parametrize("name", ["main", "peer"])
def test_a_requeued_recording_is_archived_when_it_can_be_now(name: str) -> None:
    pair, recording = pair_with_parked()
    pair.source.bring_file(pair.source.rows[recording].id, audio())  # type: ignore[index]
    assert pair.members[name].node.parked.run(recording) == {"recording_id": recording, "state": "open"}
    for _ in range(8):
        pair.turn()
    assert pair.archived("main") | pair.archived("peer") == {recording}
    assert listed(pair) == [[], []]
    assert pair.members["main"].own.jobs.outstanding() == {}


def test_it_is_parked_again_when_nothing_has_changed() -> None:
    pair, recording = pair_with_parked()
    pair.members["peer"].node.parked.run(recording)
    for _ in range(8):
        pair.turn()
    assert listed(pair) == [[recording], [recording]]
    assert pair.members["main"].own.jobs.outstanding() == {}


def test_it_survives_the_loss_of_the_node_that_was_asked() -> None:
    pair, recording = pair_with_parked()
    pair.source.bring_file(pair.source.rows[recording].id, audio())  # type: ignore[index]
    pair.members["main"].node.parked.run(recording)
    pair.work("peer")
    for _ in range(10):
        pair.turn("peer")
    assert pair.archived("peer") == {recording}


def test_an_id_that_is_not_parked_is_told_so() -> None:
    pair, _ = pair_with_parked()
    with pytest.raises(Permanent, match="GET /api/parked"):
        pair.members["main"].node.parked.run("r9999")


def test_both_ledgers_agree_afterwards() -> None:
    pair, recording = pair_with_parked()
    pair.members["main"].node.parked.run(recording)
    for _ in range(8):
        pair.turn()
    main, peer = (pair.accounts[name].stores.ledger.entries for name in ("main", "peer"))
    assert main == peer
    assert {entry.state for entry in main.values()} == {"parked"}


@pytest.mark.parametrize("name", ["main", "peer"])
def test_telling_of_a_reopened_recording_once_more_leaves_its_job(name: str) -> None:
    """A new reign tells what it knows, in whatever state: what is open again is still to be done."""
    pair, recording = pair_with_parked()
    pair.members[name].node.parked.run(recording)
    own = pair.members[name].own
    (entry,) = own.ledger.between(pair.source.rows[recording].created_on, pair.clock.now())
    assert entry.state == "open"
    pair.members[name].node.parked.finisher.tell_again(entry, None, pair.members[name].node.parked.node)
    job = own.jobs.oldest()
    assert job is not None


def test_a_screen_that_was_rejected_has_a_reason_to_read_and_is_taken_up_again(office: Office) -> None:
    office.hear(ringing(), accepted(), closed())
    office.stage("main", b"evil")
    office.report("main", "pc-1", ANN, b"good")
    for _ in range(6):
        office.work()
        office.pair.clock.advance(100)
    parked = office.pair.members["main"].node.parked
    (found,) = parked.listed()
    assert (found["queue"], found["created_on"][:10]) == ("screenfile", "2026-11-22")
    assert found["reason"] == "the staged bytes are not those that the desktop reported (5 times)"
    ((name, (_, when)),) = office.pair.accounts["main"].stores.staged.blobs.items()
    office.pair.accounts["main"].stores.staged.blobs[name] = (b"good", when)
    message = found["recording_id"]
    assert parked.run(message) == {"recording_id": message, "state": "queued", "queue": "screenfile"}
    assert parked.listed() == []
    office.work()
    assert office.pair.archived("main") == set(), "hidden, so that it can come back to the list"
    office.pair.clock.advance(5)
    office.work()
    assert office.pair.archived("main") == {"screen-s1-ann-1"}


def test_one_that_still_cannot_be_used_is_on_the_list_again(office: Office) -> None:
    node = office.pair.members["main"].node
    node.screen(b"nonsense")
    (found,) = node.parked.listed()
    node.parked.run(found["recording_id"])
    office.pair.clock.advance(5)
    office.work()
    assert node.parked.listed() == [found | {"created_on": "2026-11-22T10:00:05Z"}]


def test_a_message_whose_queue_is_unknown_stays(office: Office) -> None:
    office.pair.accounts["main"].stores.state.reject("outbox", b"x", "too large", office.pair.clock.now())
    parked = office.pair.members["main"].node.parked
    (found,) = parked.listed()
    with pytest.raises(Permanent, match="'outbox' cannot be queued again"):
        parked.run(found["recording_id"])
    assert parked.listed() == [found]
