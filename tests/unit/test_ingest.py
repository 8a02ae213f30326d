"""What becomes of a command: archived, put back, parked or refused; never lost, and nothing false in the archive."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from capture.errors import Mangled, Permanent, Transient, Unauthorized, Waiting
from capture.messages import commands
from capture.model.identity import RecordingId
from capture.model.recording import ArchiveRecording
from capture.redundancy.rest import REST_SECONDS
from tests.pair import Pair, audio

NAIVE = (
    b'{"recording":{"id":"r","created_on":"2026-11-22T09:00:00"},"assigned_by":"main","epoch":1,"attempt":1,'
    b'"deadline":"2036-01-01T00:00:00"}'
)


@pytest.fixture
def pair() -> Pair:
    pair = Pair()
    pair.turn()
    return pair


def command(pair: Pair, content: bytes | None = None) -> ArchiveRecording:
    """Publish a recording and take the command that main gives itself."""
    pair.publish(audio() if content is None else content)
    pair.members["main"].node.tick()
    (body,) = pair.queue("main").bodies()
    return commands.from_json(body)


def settle(pair: Pair, turns: int = 40) -> None:
    for _ in range(turns):
        pair.turn("main")


def test_bytes_and_hash_are_those_of_the_source(pair: Pair) -> None:
    given = command(pair, audio(50_000))
    pair.work("main")
    entry = pair.members["main"].own.ledger.get(given.recording.id, given.recording.created_on)
    assert entry is not None
    assert entry.address is not None
    assert entry.address.sha256 == hashlib.sha256(audio(50_000)).hexdigest()
    assert entry.address.size == 50_000


def test_the_same_command_twice_changes_nothing(pair: Pair) -> None:
    given = command(pair)
    for deliveries in (1, 2, 3):
        pair.members["main"].node.ingest(commands.to_json(given), deliveries)
    assert len(pair.accounts["main"].stores.archive.blobs) == 1
    assert pair.source.calls.count("open") == 1


def test_the_other_node_is_told_again_when_a_command_comes_again(pair: Pair) -> None:
    given = command(pair)
    pair.members["main"].node.ingest(commands.to_json(given))
    sent = len(pair.accounts["peer"].stores.watermarks.sent)
    pair.members["main"].node.ingest(commands.to_json(given))
    assert len(pair.accounts["peer"].stores.watermarks.sent) == sent + 1


def test_a_commit_that_came_second_takes_the_first_as_the_fact(pair: Pair) -> None:
    given = replace(command(pair), look_first=False)
    pair.members["main"].node.ingest(commands.to_json(given))
    pair.accounts["main"].stores.ledger.entries.clear()
    pair.clock.advance(3)
    pair.members["main"].node.ingest(commands.to_json(given))
    archive = pair.accounts["main"].stores.archive
    assert len(archive.blobs) == len(archive.refused) == 1
    entry = pair.members["main"].own.ledger.get(given.recording.id, given.recording.created_on)
    (blob,) = archive.blobs.values()
    assert entry is not None
    assert entry.address == blob.copy


WRITES = ["archive.commit", "archive.put_sidecar", "interactions.add", "ledger.merge", "watermarks.send", "jobs.remove"]


@pytest.mark.parametrize("call", WRITES)
@pytest.mark.parametrize("after", [False, True])
def test_a_failure_at_any_write_is_made_good_without_a_second_download(pair: Pair, call: str, *, after: bool) -> None:
    given = command(pair)
    pair.accounts["peer" if call == "watermarks.send" else "main"].power.fail_next(call, after=after)
    settle(pair, 8)
    pair.turn()
    archive = pair.accounts["main"].stores.archive
    assert len(archive.blobs) == len(archive.sidecars) == 1
    for name in ("main", "peer"):
        own = pair.members[name].own
        assert own.ledger.get(given.recording.id, given.recording.created_on) is not None
        assert own.interactions.get("c1") is not None
    assert pair.members["main"].own.jobs.outstanding() == {}
    assert pair.source.calls.count("open") == (2 if call == "archive.commit" and not after else 1)


class Killed(BaseException):
    """The process ends here, whatever it was doing."""


@pytest.mark.parametrize("call", WRITES)
def test_a_node_killed_before_any_write_loses_nothing(pair: Pair, call: str) -> None:
    given = command(pair)

    def kill(made: str) -> None:
        if made == call:
            raise Killed

    account = pair.accounts["peer" if call == "watermarks.send" else "main"]
    account.power.watch = kill
    with pytest.raises(Killed):
        pair.members["main"].node.ingest(commands.to_json(given))
    account.power.watch = None
    pair.start("main")
    settle(pair, 3)
    pair.turn()
    archive = pair.accounts["main"].stores.archive
    assert len(archive.blobs) == len(archive.sidecars) == 1
    main, peer = (
        pair.members[name].own.ledger.get(given.recording.id, given.recording.created_on) for name in ("main", "peer")
    )
    assert main is not None
    assert main == peer


@pytest.mark.parametrize("failure", [Waiting("no file yet", 5), Waiting("429", 7), Transient("503"), Transient("cut")])
def test_waiting_and_transient_failures_put_the_command_back_however_often(pair: Pair, failure: Transient) -> None:
    command(pair)
    pair.source.failures += [failure] * 12
    settle(pair)
    assert len(pair.archived("main")) == 1
    assert pair.members["main"].own.state.parked() == []


def test_a_wait_that_was_asked_for_is_kept(pair: Pair) -> None:
    given = command(pair)
    pair.source.failures.append(Waiting("429", 20))
    pair.work("main")
    for _ in range(3):
        pair.clock.advance(5)
        pair.work("main")
    assert pair.source.calls.count("open") == 1
    pair.clock.advance(5)
    pair.work("main")
    assert pair.archived("main") == {given.recording.id}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty (5 times)"),
        (b"<!DOCTYPE html><html>sorry</html>", "an error page or document came instead of audio (5 times)"),
        (b'{"error":{"code":"0x80040216"}}', "an error page or document came instead of audio (5 times)"),
        (b"MZ\x90\x00" + bytes(600), "unknown media type: the file begins with 4d 5a 90 00 00 00 00 00"),
    ],
)
def test_what_is_not_audio_is_parked_with_its_reason_and_not_archived(pair: Pair, content: bytes, reason: str) -> None:
    given = command(pair, content)
    settle(pair)
    pair.turn()
    assert pair.archived("main") == set()
    for name in ("main", "peer"):
        (found,) = pair.members[name].own.state.parked()
        parked, why = found.recording_id, found.reason
        assert parked == given.recording.id
        assert why.startswith(reason)
    assert pair.members["main"].own.jobs.outstanding() == {}


def test_a_length_that_is_not_the_one_said_is_never_archived(pair: Pair) -> None:
    given = command(pair)
    pair.source.claimed_sizes[given.recording.id] = 1999
    settle(pair)
    assert pair.archived("main") == set()
    (found,) = pair.members["main"].own.state.parked()
    why = found.reason
    assert why == "2000 bytes came, Dynamics said 1999 (5 times)"


def test_a_mangled_delivery_now_and_then_is_forgiven(pair: Pair) -> None:
    command(pair)
    pair.source.failures += [Mangled("cut")] * 4
    settle(pair)
    assert len(pair.archived("main")) == 1


def test_what_cannot_be_helped_is_parked_at_once(pair: Pair) -> None:
    command(pair)
    pair.source.failures.append(Permanent("GetFileSasUrl: 0x80040217 the row does not exist"))
    pair.work("main")
    assert len(pair.members["main"].own.state.parked()) == 1


def test_a_refused_credential_puts_the_command_back_and_says_which_setting(pair: Pair) -> None:
    command(pair)
    pair.source.failures.append(Unauthorized("check DYNAMICS_CLIENT_SECRET"))
    pair.work("main")
    error = pair.members["main"].own.state.last_error()
    assert error is not None
    assert "DYNAMICS_CLIENT_SECRET" in error[1]
    settle(pair, 20)
    assert len(pair.archived("main")) == 1


def test_a_command_of_an_epoch_that_is_over_is_refused(pair: Pair) -> None:
    given = command(pair)
    pair.clock.advance(30)
    pair.members["peer"].node.tick()
    assert pair.members["peer"].epoch == 2
    pair.members["main"].node.ingest(commands.to_json(given))
    assert pair.archived("main") == set()


def test_a_command_past_its_deadline_is_refused(pair: Pair) -> None:
    given = replace(command(pair), deadline=pair.clock.now())
    pair.members["main"].node.ingest(commands.to_json(given))
    assert pair.archived("main") == set()
    assert pair.source.calls.count("open") == 0


def test_nothing_is_committed_past_the_deadline(pair: Pair) -> None:
    given = command(pair, audio(3000))
    pair.accounts["main"].power.watch = lambda call: pair.clock.advance(100) if call == "archive.stage" else None
    pair.members["main"].node.ingest(commands.to_json(given))
    assert pair.archived("main") == set()


@pytest.mark.parametrize("where", ["main", "peer"])
def test_a_recording_that_may_have_been_archived_is_looked_for_in_both_archives(pair: Pair, where: str) -> None:
    given = command(pair)
    pair.members[where].node.ingest(commands.to_json(given))  # and nobody heard of it
    pair.accounts["main"].stores.ledger.entries.clear()
    pair.members["main"].node.ingest(commands.to_json(replace(given, look_first=True)))
    assert pair.source.calls.count("open") == 1
    entry = pair.members["main"].own.ledger.get(given.recording.id, given.recording.created_on)
    assert entry is not None
    assert entry.address is not None
    assert entry.address.node == where


def test_a_second_copy_arises_only_when_the_other_archive_cannot_be_read_and_the_first_stays_the_address(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    given = command(pair)
    pair.members["peer"].node.ingest(commands.to_json(given))
    pair.members["main"].peer.link.down = True
    pair.clock.advance(1)
    pair.members["main"].node.ingest(commands.to_json(replace(given, look_first=True)))
    pair.members["main"].peer.link.down = False
    pair.clock.advance(REST_SECONDS)
    pair.turn()
    for name in ("main", "peer"):
        entry = pair.members[name].own.ledger.get(given.recording.id, given.recording.created_on)
        assert entry is not None
        assert entry.address is not None
        assert entry.address.node == "peer"
        assert len(entry.copies) == 2
    assert any("event=second_copy_found" in record.getMessage() for record in caplog.records)


def test_metadata_that_was_too_large_for_the_message_is_read_by_the_node(pair: Pair) -> None:
    given = command(pair)
    pair.members["main"].node.ingest(commands.to_json(replace(given, conversation=None)))
    interaction = pair.members["main"].own.interactions.get("c1")
    assert interaction is not None
    assert interaction.conversation is not None


@pytest.mark.parametrize("body", [b"", b"{}", b"not json", b"\xff\xfe", b'{"recording":{"id":1}}', b"[" * 3000, NAIVE])
def test_a_message_that_cannot_be_read_is_kept_aside_with_a_reason(pair: Pair, body: bytes) -> None:
    for handle in ("ingest", "merge", "give_up"):
        getattr(pair.members["main"].node, handle)(body)
    rejected = pair.members["main"].own.state.rejected()
    assert {queue for queue, _ in rejected} == {"ingest", "watermark", "ingest-poison"}
    assert all(reason.startswith("not a ") for _, reason in rejected)


def test_a_command_that_failed_again_and_again_is_left_to_the_next_assignment(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    given = command(pair)
    pair.members["main"].node.give_up(commands.to_json(given))
    # Nothing is parked, and yet a person is told: an alert is built on it.
    assert [record.getMessage() for record in caplog.records if "poison" in record.getMessage()] == [
        "event=message_poisoned node=main queue=ingest-poison"
    ]
    assert pair.members["main"].own.state.parked() == []
    assert pair.members["main"].own.jobs.outstanding() == {"main": 1}


def test_a_command_that_failed_in_many_assignments_is_parked(pair: Pair) -> None:
    given = replace(command(pair), attempt=5)
    pair.members["main"].node.give_up(commands.to_json(given))
    (found,) = pair.members["main"].own.state.parked()
    assert found.recording_id == given.recording.id
    assert found.reason == "archiving failed again and again, in 5 assignments; the log says why"


def test_a_committed_blob_is_the_fact_whatever_failed_after_it(pair: Pair) -> None:
    given = replace(command(pair), attempt=5)
    pair.members["main"].node.ingest(commands.to_json(given))
    pair.accounts["main"].stores.ledger.entries.clear()
    pair.members["main"].node.give_up(commands.to_json(given))
    entry = pair.members["main"].own.ledger.get(given.recording.id, given.recording.created_on)
    assert entry is not None
    assert entry.state == "archived"
    assert pair.members["main"].own.state.parked() == []


@pytest.mark.parametrize("table", ["ledger", "state", "interactions", "jobs"])
def test_a_table_that_is_out_for_minutes_neither_parks_nor_repeats_anything(pair: Pair, table: str) -> None:
    given = command(pair)

    def out(call: str) -> None:
        if call.startswith(f"{table}."):
            raise Transient("503")

    pair.accounts["main"].power.watch = out
    for _ in range(40):
        pair.work("main")
        pair.clock.advance(5)
    pair.accounts["main"].power.watch = None
    for _ in range(80):
        pair.turn()
    assert pair.members["main"].own.state.parked() == []
    entry = pair.members["peer"].own.ledger.get(given.recording.id, given.recording.created_on)
    assert entry is not None
    assert len(entry.copies) == 1
    assert pair.source.calls.count("open") == 1


def test_a_notification_is_put_back_until_it_can_be_merged(pair: Pair) -> None:
    given = command(pair)
    pair.members["main"].node.ingest(commands.to_json(given))
    pair.accounts["peer"].power.fail_next("ledger.merge", times=7)
    for _ in range(60):
        pair.work("peer")
        pair.clock.advance(5)
    assert pair.members["peer"].own.ledger.get(given.recording.id, given.recording.created_on) is not None


def test_a_parked_recording_that_is_archived_after_all_is_parked_no_more(pair: Pair) -> None:
    given = replace(command(pair), attempt=5)
    pair.members["main"].node.give_up(commands.to_json(given))
    pair.members["main"].node.ingest(commands.to_json(given))
    assert pair.members["main"].own.state.parked() == []
    entry = pair.members["main"].own.ledger.get(given.recording.id, given.recording.created_on)
    assert entry is not None
    assert entry.state == "archived"


def test_nothing_is_committed_in_an_epoch_that_ended_during_the_download(pair: Pair) -> None:
    given = command(pair, audio(3000))
    taken: list[bool] = []

    def take_over(call: str) -> None:
        if call == "archive.stage" and not taken:
            taken.append(True)
            pair.members["main"].node.stop()
            pair.members["peer"].node.tick()
            pair.clock.advance(6)

    pair.accounts["main"].power.watch = take_over
    pair.members["main"].node.ingest(commands.to_json(given))
    assert taken
    assert pair.archived("main") == set()


@pytest.mark.parametrize("odd", ["../../etc/passwd", "a/b\\c?d#e", "ünï cödé\u202e", " "])
def test_odd_ids_get_a_safe_name(pair: Pair, odd: str) -> None:
    given = command(pair)
    recording = pair.source.publish(replace(given.recording, id=RecordingId(odd)), audio())
    pair.members["main"].node.ingest(commands.to_json(replace(given, recording=recording)))
    (path,) = pair.accounts["main"].stores.archive.blobs
    assert path.isascii()
    assert ".." not in path
    assert len(path.split("/")) == 6


def test_memory_stays_bounded_because_bytes_go_on_as_they_come(pair: Pair) -> None:
    given = command(pair, audio(200_000))
    pair.work("main")
    staged = [call for call in pair.accounts["main"].power.calls if call == "archive.stage"]
    assert len(staged) > 200
    assert pair.clock.now() < given.deadline + timedelta(seconds=1)
