"""The whole recorder, while a node, the network, ffmpeg or it itself dies."""

import os
import signal
import time
from pathlib import Path

from tests.desktop.desk import Desk, length_of, seconds_in, until
from tests.desktop.steps import BLOB, Pair, began, finished, gone, ready, recorded, video


def test_when_a_node_dies_in_the_middle_the_other_one_gets_everything(desk: Desk, nodes: Pair, tmp_path: Path) -> None:
    main, peer = nodes
    ready(desk, nodes)
    for node in nodes:
        node.want("s1", "record")
    until(lambda: len(main.blobs.get(BLOB, b"")) > 1000, what="the first node has bytes")
    main.stop()
    begun = time.monotonic()
    until(lambda: len(peer.blobs.get(BLOB, b"")) > 1000, what="the other node has bytes")
    assert time.monotonic() - begun > 5, "the node that has the beginning is waited for"
    peer.want("s1", "keep")
    report = finished(peer)
    assert report["size"] == len(peer.blobs[BLOB])
    assert length_of(video(peer, tmp_path)) > 8
    gone(desk)
    assert desk.stop() < 10


def test_a_recorder_that_was_killed_goes_on_in_a_second_part(desk: Desk, nodes: Pair, tmp_path: Path) -> None:
    main, _ = nodes
    ready(desk, nodes)
    main.want("s1", "record")
    began(*nodes)
    recorded(desk, 2)
    desk.kill()
    until(lambda: not desk.recorders(), what="ffmpeg ends with the recorder")
    desk.start()
    until(lambda: [one for one in main.heard("started") if one["part"] == 2], what="the second part has begun")
    recorded(desk, 2, part=2)
    main.want("s1", "keep")
    finished(main, parts=2)
    assert {(one["part"], one["parts"]) for one in main.heard("finished")} == {(1, 2), (2, 2)}
    for number in (1, 2):
        assert length_of(video(main, tmp_path, f"pc-0017/s1/agent-1-{number}.mp4")) > 1
    gone(desk)


def test_a_recorder_that_is_ended_in_the_middle_goes_on_when_it_is_back(desk: Desk, nodes: Pair) -> None:
    main, _ = nodes
    ready(desk, nodes)
    main.want("s1", "record")
    began(*nodes)
    recorded(desk, 1)
    assert desk.stop() < 10
    assert not desk.recorders()
    main.want("s1", "keep")
    desk.start()
    assert finished(main)["parts"] == 1
    gone(desk)


def test_a_killed_ffmpeg_is_followed_by_another_part(desk: Desk, nodes: Pair) -> None:
    main, _ = nodes
    ready(desk, nodes)
    main.want("s1", "record")
    began(*nodes)
    recorded(desk, 1)
    os.kill(desk.recorders()[0], signal.SIGKILL)
    until(lambda: [one for one in main.heard("started") if one["part"] == 2], what="the second part has begun")
    main.want("s1", "keep")
    finished(main, parts=2)
    gone(desk)


def test_a_killed_keeper_leaves_no_second_recording_behind(desk: Desk, nodes: Pair) -> None:
    main, _ = nodes
    ready(desk, nodes)
    main.want("s1", "record")
    began(*nodes)
    first = desk.recorders()[0]
    keeper = int(Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(keeper, signal.SIGKILL)
    until(lambda: [one for one in main.heard("started") if one["part"] == 2], what="the second part has begun")
    assert first not in until(lambda: len(desk.recorders()) == 1 and desk.recorders(), what="one ffmpeg")


def test_what_is_recorded_without_a_network_is_sent_afterwards(desk: Desk, nodes: Pair, tmp_path: Path) -> None:
    ready(desk, nodes)
    nodes[0].want("s1", "record")
    until(lambda: len(nodes[0].blobs.get(BLOB, b"")) > 1000, what="the node has bytes")
    for node in nodes:
        node.stop()
    recorded(desk, seconds_in(desk.videos()[0]) + 2)
    assert len(desk.recorders()) == 1
    nodes[0].want("s1", "keep")
    for node in nodes:
        node.start()
    report = finished(*nodes)
    assert report["size"] == len(nodes[0].blobs[BLOB])
    assert not nodes[1].blobs  # it went on where it had stopped
    assert length_of(video(nodes[0], tmp_path)) > 3
    gone(desk)


def test_a_recorder_that_starts_without_a_network_goes_on_recording(desk: Desk, nodes: Pair) -> None:
    ready(desk, nodes)
    nodes[0].want("s1", "record")
    began(*nodes)
    recorded(desk, 1)
    desk.kill()
    for node in nodes:
        node.stop()
    desk.start()
    until(lambda: len([path for path in desk.videos() if path.stat().st_size]) == 2, what="a second part")


def test_lost_answers_and_short_signatures_change_nothing(desk: Desk, nodes: Pair) -> None:
    main, peer = nodes
    main.grant_seconds, main.lose_answers = 1.5, 3
    ready(desk, nodes)
    main.want("s1", "record")
    began(*nodes)
    until(lambda: not main.lose_answers, what="answers were lost")
    recorded(desk, 3)
    main.want("s1", "keep")
    assert finished(main)["size"] == len(main.blobs[BLOB])
    assert not peer.blobs
    gone(desk)


def test_a_state_that_cannot_be_read_costs_no_recording(desk: Desk, nodes: Pair) -> None:
    ready(desk, nodes)
    for node in nodes:
        node.want("s1", "record")
    began(*nodes)
    recorded(desk, 2)
    desk.kill()
    until(lambda: not desk.recorders(), what="ffmpeg has ended")
    (first,) = desk.videos()
    before = first.read_bytes()
    (first.parent / "state.json").write_text("{")
    desk.start()
    recorded(desk, 2, part=2)
    assert first.read_bytes() == before
    for node in nodes:
        node.want("s1", "keep")
    until(lambda: {one["part"] for node in nodes for one in node.heard("finished")} == {1, 2}, what="both are reported")
    assert before in [bytes(node.blobs[BLOB]) for node in nodes if BLOB in node.blobs]
    gone(desk)
