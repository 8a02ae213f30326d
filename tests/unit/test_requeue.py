"""What was parked can be asked for again by its id, on either node."""

import pytest

from capture.errors import Permanent
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
