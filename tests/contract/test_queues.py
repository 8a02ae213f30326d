"""The queues: delay, time to live, and what the trigger will read."""

import pytest

from capture.errors import Permanent
from tests.contract.worlds import World


def test_a_message_arrives_as_it_was_sent(world: World) -> None:
    body = '{"text":"Ärger 電話 📞 \\u0001 <&>"}'.encode()
    world.main.ingest.send(body)
    assert world.main.ingest.length() == 1
    assert world.receive() == [body]


def test_queues_are_apart(world: World) -> None:
    world.main.watermarks.send(b"{}")
    assert world.main.ingest.length() == 0
    assert world.peer.watermarks.length() == 1


def test_a_delayed_message_is_hidden_until_then(world: World) -> None:
    world.main.ingest.send(b'"later"', delay=0.6)
    world.main.ingest.send(b'"now"')
    assert world.receive() == [b'"now"']
    world.wait(1)
    assert sorted(world.receive()) == [b'"later"', b'"now"']


def test_a_message_that_has_outlived_its_time_is_gone(world: World) -> None:
    world.main.ingest.send(b'"short"', ttl=1.9)
    world.main.ingest.send(b'"shortest"', ttl=0.01)
    world.main.ingest.send(b'"for ever"')
    world.wait(2)
    assert world.receive() == [b'"for ever"']


def test_a_message_that_would_be_gone_before_it_is_seen_is_seen(world: World) -> None:
    world.main.ingest.send(b'"seen"', delay=1, ttl=1)
    world.wait(1)
    assert world.receive() == [b'"seen"']


def test_what_is_not_deleted_comes_again(world: World) -> None:
    world.main.ingest.send(b"1")
    assert world.receive() == [b"1"]
    assert world.receive() == []
    world.wait(1)
    assert world.receive() == [b"1"]


def test_a_message_has_a_largest_size(world: World) -> None:
    world.main.ingest.send(b"x" * 48 * 1024)
    with pytest.raises(Permanent):
        world.main.ingest.send(b"x" * (48 * 1024 + 1))
