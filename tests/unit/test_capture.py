"""A recording's way through both nodes: discovered, shared, archived, told."""

import json
from datetime import timedelta
from pathlib import Path

import jsonschema

from capture.model.identity import ConversationId, NodeName
from capture.model.ledger import ParkedRecording
from capture.model.path import stem
from tests.pair import NAMES, Pair, audio

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "sidecar.schema.json").read_text())


def test_both_nodes_archive_their_share_and_both_ledgers_agree() -> None:
    pair = Pair()
    pair.turn()
    for _ in range(10):
        pair.publish()
    pair.turn()
    pair.turn()
    assert pair.everything_is_archived()
    assert [len(pair.archived(name)) for name in NAMES] == [5, 5]
    main, peer = pair.ledgers()
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
    assert pair.everything_is_archived()
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
    assert pair.everything_is_archived()
    assert pair.members["main"].own.interactions.get(f"recording-{recording.id}") is not None


def test_the_outbox_is_delivered_when_the_peer_is_back() -> None:
    pair = Pair()
    pair.turn()
    pair.members["main"].peer.link.down = True
    pair.publish()
    pair.turn("main")
    pair.members["main"].peer.link.down = False
    pair.clock.advance(10)
    pair.turn()
    main, peer = pair.ledgers()
    assert main == peer
    assert len(peer) == 1


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
