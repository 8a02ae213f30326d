"""A recording's way through both nodes: discovered, shared, archived, told."""

import json
from datetime import timedelta
from pathlib import Path

import jsonschema

from capture.errors import Transient
from capture.model.identity import ConversationId, NodeName
from capture.model.ledger import ParkedRecording
from capture.model.path import stem
from tests.pair import NAMES, Pair, audio

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "sidecar.schema.json").read_text())


def everything_is_archived(pair: Pair) -> bool:
    with_file = {row.id for row in pair.source.rows.values() if row.file_id is not None}
    return pair.archived("main") | pair.archived("peer") == with_file


def ledgers(pair: Pair) -> list[dict[str, str | None]]:
    """Recording and who archived it, as each node's ledger has it."""
    far = timedelta(days=30)
    return [
        {
            entry.recording_id: entry.address.node if entry.address else None
            for entry in pair.members[name].own.ledger.between(pair.clock.now() - far, pair.clock.now() + far)
        }
        for name in NAMES
    ]


def test_both_nodes_archive_their_share_and_both_ledgers_agree() -> None:
    pair = Pair()
    pair.turn()
    for _ in range(10):
        pair.publish()
    pair.turn()
    pair.turn()
    assert everything_is_archived(pair)
    assert [len(pair.archived(name)) for name in NAMES] == [5, 5]
    main, peer = ledgers(pair)
    assert main == peer
    assert len(main) == 10


def test_blob_path_metadata_and_sidecar_are_right() -> None:
    pair = Pair()
    pair.turn()
    recording = pair.publish(audio(5000))
    pair.source.finished.add(ConversationId("c1"))
    pair.turn()
    archive = pair.accounts["main"].stores.archive
    path = stem("contoso", recording.id, recording.created_on, recording.conversation_id) + ".mp3"
    assert archive.blobs[path].data == audio(5000)
    assert archive.blobs[path].entry.conversation_id == "c1"
    document = json.loads(archive.sidecars[path.replace(".mp3", ".json")])
    jsonschema.validate(document, SCHEMA)
    assert document["sha256"] == archive.blobs[path].copy.sha256
    assert document["conversation"]["finished"] is True


def test_a_second_look_finds_nothing_new() -> None:
    pair = Pair()
    pair.turn()
    pair.publish()
    for _ in range(20):
        pair.turn()
    opened = pair.source.calls.count("open")
    assert opened == 1


def test_rows_that_share_the_last_second_are_not_lost() -> None:
    pair = Pair()
    pair.turn()
    pair.publish()
    pair.members["main"].node.tick()
    late = pair.publish()  # same second as the first, listed only now
    pair.turn()
    pair.turn()
    assert late.id in pair.archived("main") | pair.archived("peer")


def test_a_row_committed_late_is_found_by_the_look_back() -> None:
    pair = Pair()
    pair.turn()
    late = pair.publish()
    pair.source.visible_on[late.id] = pair.clock.now() + timedelta(minutes=2)
    pair.clock.advance(30)
    pair.publish()
    while pair.clock.now() < pair.source.visible_on[late.id] + timedelta(minutes=2):
        pair.turn()
    assert everything_is_archived(pair)


def test_a_row_committed_as_late_as_is_promised_is_found_however_busy_it_is() -> None:
    pair = Pair(settings={"LOOKBACK_MINUTES": "3", "LOOKBACK_EVERY_SECONDS": "60"})
    pair.turn()
    for number in range(120):
        row = pair.publish()
        if number % 5 == 0:
            pair.source.visible_on[row.id] = pair.clock.now() + timedelta(seconds=175)
        pair.turn()
    for _ in range(60):
        pair.turn()
    assert everything_is_archived(pair)


def test_a_large_page_is_taken_in_by_slices_within_the_time_of_the_lease() -> None:
    pair = Pair()
    pair.source.page_size = 500
    pair.turn()
    for _ in range(500):
        pair.publish()
    pair.accounts["main"].power.watch = lambda call: pair.clock.advance(0.03) if call == "ingest.send" else None
    pair.accounts["peer"].power.watch = pair.accounts["main"].power.watch
    for _ in range(12):
        pair.members["main"].node.tick()
        pair.members["peer"].node.tick()
    pair.accounts["main"].power.watch = pair.accounts["peer"].power.watch = None
    assert pair.members["main"].epoch == 1
    assert sum(len(pair.queue(name).sent) for name in NAMES) == 500
    for _ in range(6):
        pair.turn()
    assert everything_is_archived(pair)


def test_a_dead_peer_store_is_waited_for_once_and_then_left_alone() -> None:
    pair = Pair()
    pair.turn()

    def dead(_: str) -> None:
        pair.clock.advance(4.4)
        raise Transient("timed out")

    for _ in range(10):
        pair.publish()
    pair.members["main"].peer.link.watch = lambda call: dead(call) if call == "ingest.send" else None
    began = pair.clock.monotonic()
    pair.members["main"].node.tick()
    assert pair.clock.monotonic() - began < 4.4 + 1, "the first one is waited for, the others are done here instead"
    pair.publish()
    began = pair.clock.monotonic()
    pair.members["main"].node.tick()
    assert pair.clock.monotonic() - began < 1
    pair.members["main"].peer.link.watch = None
    for _ in range(40):
        pair.turn()
    assert everything_is_archived(pair), "what was not answered stays the peer's until its time is over"


def test_a_conversation_that_was_deleted_is_not_asked_for_for_ever() -> None:
    pair = Pair()
    pair.turn()
    pair.publish(conversation="gone")
    pair.turn()
    pair.source.deleted.add(ConversationId("gone"))
    for _ in range(40):
        pair.clock.advance(600)
        pair.turn()
    assert pair.members["main"].own.open_conversations.due(pair.clock.now() + timedelta(days=9), 9) == []


def test_a_file_that_comes_late_is_fetched_when_it_is_there() -> None:
    pair = Pair()
    pair.turn()
    recording = pair.publish_without_file()
    for _ in range(6):
        pair.turn()
    assert pair.members["main"].own.jobs.outstanding() == {None: 1}
    pair.source.bring_file(recording.id, audio())
    for _ in range(8):
        pair.turn()
    assert everything_is_archived(pair)
    assert pair.members["main"].own.jobs.outstanding() == {}


def test_a_file_that_never_comes_is_parked_in_both_ledgers() -> None:
    pair = Pair(settings={"GIVE_UP_HOURS": "1"})
    pair.turn()
    recording = pair.publish_without_file()
    for _ in range(10):
        pair.clock.advance(600)
        pair.turn()
    for name in NAMES:
        entry = pair.members[name].own.ledger.get(recording.id, recording.created_on)
        assert entry is not None
        assert entry.state == "parked"
        assert pair.members[name].own.state.parked() == [
            ParkedRecording(recording.id, recording.created_on, "no file came within 1:00:00")
        ]


def test_the_low_watermark_waits_for_the_oldest_unfinished_recording() -> None:
    pair = Pair(settings={"LOOKBACK_MINUTES": "1"})
    pair.turn()
    recording = pair.publish_without_file()
    for _ in range(60):
        pair.publish()
        pair.turn()
    mark = pair.members["main"].own.state.watermark()
    assert mark is not None
    assert mark.low == recording.created_on
    pair.source.bring_file(recording.id, audio())
    for _ in range(15):
        pair.turn()
    later = pair.members["main"].own.state.watermark()
    assert later is not None
    assert later.low > recording.created_on


def test_the_peer_knows_the_low_watermark() -> None:
    pair = Pair()
    pair.turn()
    for _ in range(3):
        pair.publish()
        pair.turn()
        pair.clock.advance(2)
    theirs = pair.members["peer"].own.state.watermark()
    assert theirs is not None
    assert theirs.epoch == 1


def test_all_recordings_of_a_conversation_become_one_interaction_in_both_ledgers() -> None:
    pair = Pair()
    pair.turn()
    recordings = [pair.publish(conversation="transferred") for _ in range(3)]
    pair.source.finished.add(ConversationId("transferred"))
    pair.turn()
    pair.turn()
    for name in NAMES:
        interaction = pair.members[name].own.interactions.get("transferred")
        assert interaction is not None
        assert [entry.recording_id for entry in interaction.recordings] == [recording.id for recording in recordings]
        assert interaction.conversation is not None
        assert interaction.conversation.finished


def test_metadata_read_before_the_end_is_read_again_and_every_sidecar_says_it() -> None:
    pair = Pair()
    pair.turn()
    for _ in range(4):
        pair.publish(conversation="going-on")
    pair.turn()
    pair.source.finished.add(ConversationId("going-on"))
    for _ in range(20):
        pair.turn()
    for name in NAMES:
        sidecars = pair.accounts[name].stores.archive.sidecars.values()
        assert len(sidecars) == 2
        assert all(json.loads(text)["conversation"]["finished"] for text in sidecars)
        assert pair.members[name].own.open_conversations.due(pair.clock.now() + timedelta(days=1), 10) == []


def test_a_recording_without_a_conversation_is_archived_all_the_same() -> None:
    pair = Pair()
    pair.turn()
    recording = pair.publish(conversation=None)
    pair.turn()
    assert everything_is_archived(pair)
    assert pair.members["main"].own.interactions.get(f"recording-{recording.id}") is not None


def test_no_work_for_a_silent_node() -> None:
    pair = Pair()
    pair.turn()
    for _ in range(4):
        pair.turn("main")
    for _ in range(6):
        pair.publish()
    pair.turn("main")
    assert len(pair.archived("main")) == 6
    assert pair.queue("peer").bodies() == []


def test_a_peer_that_cannot_be_reached_does_not_hold_a_job_up() -> None:
    pair = Pair()
    pair.turn()
    pair.members["main"].peer.link.down = True
    for _ in range(4):
        pair.publish()
    pair.turn("main")
    assert len(pair.archived("main")) == 4
    assert pair.members["main"].own.outbox.count(100) == 4


def test_a_job_whose_sending_was_not_answered_stays_with_the_peer_until_its_time_is_over() -> None:
    pair = Pair()
    pair.turn()

    def no_answer(call: str) -> None:
        if call == "ingest.send":
            raise Transient("no answer")

    pair.members["main"].peer.link.watch = no_answer
    for _ in range(4):
        pair.publish()
    pair.turn("main")
    assert len(pair.archived("main")) == 3, "whether the peer got the first cannot be known, the second was not sent"
    pair.clock.advance(310)
    for _ in range(30):
        pair.turn("main")
    assert len(pair.archived("main")) == 4


def test_the_outbox_is_delivered_when_the_peer_is_back() -> None:
    pair = Pair()
    pair.turn()
    pair.members["main"].peer.link.down = True
    pair.publish()
    pair.turn("main")
    pair.members["main"].peer.link.down = False
    pair.clock.advance(10)
    pair.turn()
    main, peer = ledgers(pair)
    assert main == peer
    assert len(peer) == 1


def test_an_unfinished_assignment_is_given_out_again() -> None:
    pair = Pair(settings={"REASSIGN_AFTER_SECONDS": "60"})
    pair.turn()
    for _ in range(4):
        pair.publish()
    for _ in range(20):
        pair.turn("main")  # peer's functions stand still, but its heartbeat was heard a moment ago
    assert everything_is_archived(pair)
    assert pair.archived("main") == {row.id for row in pair.source.rows.values()}


def test_messages_of_an_assignment_that_ran_out_are_gone() -> None:
    pair = Pair(settings={"REASSIGN_AFTER_SECONDS": "60"})
    pair.turn()
    pair.publish()
    pair.publish()
    pair.members["main"].node.tick()
    assert len(pair.queue("peer").bodies()) == 1
    pair.clock.advance(60)
    assert pair.queue("peer").bodies() == []


def test_takeover_goes_on_from_the_low_watermark_without_double_work() -> None:
    pair = Pair()
    pair.turn()
    for _ in range(6):
        pair.publish()
    pair.turn()
    for _ in range(6):
        pair.publish()
    pair.members["main"].node.tick()  # assigned, and then main dies
    for _ in range(8):
        pair.turn("peer")
    assert everything_is_archived(pair)
    pair.start("main")
    for _ in range(4):
        pair.turn()
    assert pair.archived("main") & pair.archived("peer") == set()
    main, peer = ledgers(pair)
    assert main == peer
    assert len(main) == 12


def test_discovery_waits_while_too_much_is_outstanding() -> None:
    pair = Pair(settings={"MAX_OUTSTANDING": "5"})
    pair.source.page_size = 5
    pair.turn()
    for _ in range(20):
        pair.publish()
    pair.members["main"].node.tick()
    counts = pair.members["main"].own.jobs.outstanding()
    assert sum(counts.values()) == 5
    for _ in range(10):
        pair.turn()
    assert everything_is_archived(pair)


def test_a_pair_without_a_watermark_starts_where_the_setting_says() -> None:
    pair = Pair(settings={"FIRST_LOOKBACK_HOURS": "2"})
    old = pair.publish(ago=3 * 3600)
    young = pair.publish(ago=1 * 3600)
    pair.turn()
    pair.turn()
    found = pair.archived("main") | pair.archived("peer")
    assert young.id in found
    assert old.id not in found


def test_a_node_named_like_its_peer_does_not_swallow_its_own_notification() -> None:
    pair = Pair()
    pair.turn()
    pair.publish()
    pair.turn()
    notification = pair.accounts["peer"].stores.watermarks.sent[-1]
    pair.members["main"].node.merge(notification)
    assert [reason for _, reason in pair.members["main"].own.state.rejected()] == [
        "a notification from this node itself: NODE_NAME and PEER_NAME of the pair must be mirrored"
    ]
    assert pair.members["main"].node.name == NodeName("main")
