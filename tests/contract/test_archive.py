"""The archive: nothing is visible before the commit, one commit wins, the metadata are the fact."""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from capture.model.identity import AgentId, ConversationId, RecordingId, SessionId
from capture.model.ledger import Copy, LedgerEntry, ScreenTimes
from tests.contract.values import MAIN, ODD_IDS, PEER, after, archived, parked
from tests.contract.worlds import BLOCK, MemoryWorld, World

STEM = "source=contoso/year=2026/month=11/day=22/conversation=talk/r"
PATH = f"{STEM}.mp3"


def entry_for(data: bytes, path: str = PATH, at: float = 0) -> LedgerEntry:
    copy = Copy(after(at), MAIN, path, len(data), hashlib.sha256(data).hexdigest(), "audio/mpeg")
    return replace(archived("r", at=-0.5), copies=frozenset({copy}))


def store(
    world: World, data: bytes, path: str = PATH, at: float = 0, name: str | None = "call.mp3", step: int = 10_000
) -> bool:
    upload = world.main.archive.upload(path)
    for start in range(0, len(data), step):
        upload.write(data[start : start + step])
    entry = entry_for(data, path, at)
    (copy,) = entry.copies
    return upload.commit(copy, entry, name)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 7 * BLOCK + 12_345])
def test_every_size_arrives_whole(world: World, size: int) -> None:
    data = os.urandom(size)
    assert store(world, data)
    assert world.recording(PATH) == data
    assert world.main.archive.find(STEM) == entry_for(data)


@pytest.mark.parametrize("step", [1000, BLOCK, 3 * BLOCK + 1])
def test_the_pieces_may_be_smaller_or_larger_than_a_block(world: World, step: int) -> None:
    data = os.urandom(5 * BLOCK)
    assert store(world, data, step=step)
    assert world.recording(PATH) == data


@pytest.mark.parametrize("size", [10, 3 * BLOCK])
def test_nothing_is_visible_before_the_commit(world: World, size: int) -> None:
    upload = world.main.archive.upload(PATH)
    upload.write(os.urandom(size))
    assert world.main.archive.find(STEM) is None
    assert world.recording(PATH) is None
    upload.abort()
    upload.abort()
    assert world.main.archive.find(STEM) is None
    assert store(world, b"the next try")


@pytest.mark.parametrize("size", [10, 3 * BLOCK])
def test_the_second_commit_is_refused_and_changes_nothing(world: World, size: int) -> None:
    data = os.urandom(size)
    assert store(world, data)
    assert not store(world, os.urandom(size), at=5)
    assert not store(world, b"short", at=5)
    assert not store(world, os.urandom(2 * BLOCK), at=5)
    assert world.recording(PATH) == data
    assert world.main.archive.find(STEM) == entry_for(data)


@pytest.mark.parametrize("size", [10, 3 * BLOCK])
def test_of_sixteen_racing_commits_one_wins(world: World, size: int) -> None:
    contents = [bytes([number]) * size for number in range(16)]
    with ThreadPoolExecutor(max_workers=16) as pool:
        won = list(pool.map(lambda data: store(world, data), contents))
    assert won.count(True) == 1
    assert world.recording(PATH) == contents[won.index(True)]
    assert world.main.archive.find(STEM) == entry_for(contents[won.index(True)])


def test_blocks_dropped_by_another_commit_are_a_lost_race(world: World) -> None:
    slow = world.main.archive.upload(PATH)
    slow.write(os.urandom(3 * BLOCK))
    assert store(world, b"quick")
    slow.write(os.urandom(2 * BLOCK))
    entry = entry_for(b"slow")
    (copy,) = entry.copies
    assert not slow.commit(copy, entry, None)
    assert world.recording(PATH) == b"quick"


def test_find_tells_names_with_a_common_beginning_apart(world: World) -> None:
    assert store(world, b"1", path=f"{STEM}0.mp3")
    assert world.main.archive.find(STEM) is None
    assert world.main.archive.find(f"{STEM}0") is not None


def test_of_two_extensions_the_earlier_copy_is_found(world: World) -> None:
    assert store(world, b"1", path=f"{STEM}.mp3", at=9)
    assert store(world, b"2", path=f"{STEM}.wav", at=3)
    assert world.main.archive.find(STEM) == entry_for(b"2", f"{STEM}.wav", at=3)


def test_what_the_entry_knew_besides_is_not_in_the_blob(world: World) -> None:
    upload = world.main.archive.upload(PATH)
    upload.write(b"1")
    entry = entry_for(b"1")
    (copy,) = entry.copies
    more = replace(entry, copies=entry.copies | {replace(copy, node=PEER)}, parked=parked("r").parked)
    assert upload.commit(copy, more, None)
    assert world.main.archive.find(STEM) == entry


@pytest.mark.parametrize("name", [*ODD_IDS, None, "", "電話📞" * 300, 'quo"te;=.mp3', "line\r\nbreak: x"])
def test_odd_file_names_do_no_harm(world: World, name: str | None) -> None:
    assert store(world, b"1", name=name)
    assert world.main.archive.find(STEM) == entry_for(b"1")


@pytest.mark.parametrize("name", ODD_IDS)
def test_odd_ids_come_back_from_the_metadata(world: World, name: str) -> None:
    entry = replace(entry_for(b"1"), recording_id=RecordingId(name), conversation_id=ConversationId(name))
    (copy,) = entry.copies
    upload = world.main.archive.upload(PATH)
    upload.write(b"1")
    assert upload.commit(copy, entry, None)
    assert world.main.archive.find(STEM) == entry


def test_a_recording_without_conversation(world: World) -> None:
    entry = replace(entry_for(b"1"), conversation_id=None)
    (copy,) = entry.copies
    upload = world.main.archive.upload(PATH)
    upload.write(b"1")
    assert upload.commit(copy, entry, None)
    assert world.main.archive.find(STEM) == entry


def test_the_sidecar_lies_beside_the_recording_and_is_replaced(world: World) -> None:
    world.main.archive.put_sidecar(PATH, b"{}")
    assert world.main.archive.find(STEM) is None
    assert store(world, b"1")
    world.main.archive.put_sidecar(PATH, json.dumps({"a": "ü"}).encode())
    assert world.sidecar(f"{STEM}.json") == json.dumps({"a": "ü"}).encode()
    assert world.main.archive.find(STEM) == entry_for(b"1")


def test_the_other_node_can_look_it_up(world: World) -> None:
    store(world, b"1")
    assert world.peer.archive.find(STEM) == entry_for(b"1")


@pytest.mark.parametrize("complete", [True, False])
def test_the_recording_of_a_screen_says_whose_it_is(world: World, complete: bool) -> None:
    screen = ScreenTimes(SessionId("s1"), AgentId("Änn"), "pc-1", after(1), after(60.5), complete=complete)
    entry = replace(entry_for(b"video", f"{STEM}.mp4"), screen=screen)
    (copy,) = entry.copies
    upload = world.main.archive.upload(f"{STEM}.mp4")
    upload.write(b"video")
    assert upload.commit(copy, entry, None)
    assert world.main.archive.find(STEM) == entry


def test_an_object_is_read_piece_by_piece_by_both_nodes(world: World) -> None:
    content = bytes(range(256)) * 10
    store(world, content)
    for node in (world.main, world.peer):
        assert node.archive.size(PATH) == len(content)
        assert node.archive.read(PATH, 0, 100) == content[:100]
        assert node.archive.read(PATH, 1000, 500) == content[1000:1500]
        assert node.archive.read(PATH, len(content) - 3, 500) == content[-3:]
        assert node.archive.size("no/such.mp3") is None


def test_what_is_not_there_cannot_be_held(world: World) -> None:
    assert not world.main.archive.hold(PATH, on=True)
    assert not world.main.archive.hold(PATH, on=False)


def test_a_store_without_legal_holds_says_so(world: World) -> None:
    if isinstance(world, MemoryWorld):
        world.account.stores.archive.can_hold = world.main.archive.can_hold = False
    store(world, b"1")
    assert not world.main.archive.hold(PATH, on=True)
    world.main.archive.remove(PATH)
    assert world.main.archive.size(PATH) is None


def test_until_when_it_is_kept_stands_in_the_metadata(world: World) -> None:
    entry = replace(entry_for(b"1"), keep_until=after(86400.25))
    (copy,) = entry.copies
    upload = world.main.archive.upload(PATH)
    upload.write(b"1")
    assert upload.commit(copy, entry, None)
    assert world.peer.archive.find(STEM) == entry
