"""What fails in a poison queue again and again is kept aside with the reason, and never runs over."""

from collections.abc import Callable

import pytest

from capture.errors import CaptureError, Transient
from capture.messages import ArchiveScreen, Notification, notifications, screen_facts, screen_files
from capture.model.conversation import Conversation
from capture.model.identity import ConversationId, NodeName
from tests.office import ANN, S1, Office, accepted, at, closed, ringing
from tests.stores.queues import MemoryQueue

HEARD = Notification(NodeName("peer"), conversation=Conversation(ConversationId("c9"), at(0)))
VIDEO = ArchiveScreen(S1, ANN, "pc-1", 1, at(1), at(60), 5, "a" * 64, at(60))
type Make = Callable[[Office], bytes]

# What handles it, its queue, the message, a call to the store on the way, and the queue by which it would be put back.
KINDS: list[tuple[str, str, Make, str, str]] = [
    ("merge_again", "watermark", lambda _: notifications.to_json(HEARD), "interactions.add_reading", "watermarks.send"),
    ("screen_again", "screen", lambda o: screen_facts.to_json(o.fact(ringing())), "sessions.merge", "screens.send"),
    ("screen_file_again", "screenfile", lambda _: screen_files.to_json(VIDEO), "archive.find", "screen_files.send"),
]


@pytest.fixture
def over(office: Office) -> Office:
    office.hear(ringing(), accepted(), closed())
    return office


def waiting(office: Office, send: str) -> list[bytes]:
    """What is in the queue of main to which a call sends."""
    queue: MemoryQueue = getattr(office.pair.accounts["main"].stores, send.removesuffix(".send"))
    return queue.bodies()


@pytest.mark.parametrize(("handle", "queue", "make", "call", "send"), KINDS)
def test_what_nobody_foresaw_is_kept_aside_by_the_last_delivery(
    over: Office, handle: str, queue: str, make: Make, call: str, send: str, caplog: pytest.LogCaptureFixture
) -> None:
    body, member = make(over), over.pair.members["main"]
    for delivery in (1, 2, 3, 4):
        member.own.link.fail_next(call, error=ZeroDivisionError("division by zero"))
        with pytest.raises(ZeroDivisionError):
            getattr(member.node, handle)(body, delivery)
    assert member.own.state.rejected() == []
    member.own.link.fail_next(call, error=ZeroDivisionError("division by zero"))
    getattr(member.node, handle)(body, 5)
    assert member.own.state.rejected() == [(f"{queue}-poison", "ZeroDivisionError: division by zero")]
    assert [kept for _, kept in over.pair.accounts["main"].stores.state.rejections] == [body]
    assert waiting(over, send) == []
    # A person is told at the first delivery, and once.
    told = [record.getMessage() for record in caplog.records if "event=message_poisoned" in record.getMessage()]
    assert told == [f"event=message_poisoned node=main queue={queue}-poison"]


@pytest.mark.parametrize(("handle", "queue", "make", "call", "send"), KINDS)
def test_so_is_what_cannot_be_put_back(over: Office, handle: str, queue: str, make: Make, call: str, send: str) -> None:
    body, member = make(over), over.pair.members["main"]
    for delivery in (4, 5):
        member.own.link.fail_next(call, error=Transient("slow down"))
        member.own.link.fail_next(send, error=Transient("busy"))
        if delivery == 4:
            with pytest.raises(CaptureError):
                getattr(member.node, handle)(body, delivery)
        else:
            getattr(member.node, handle)(body, delivery)
    assert member.own.state.rejected() == [(f"{queue}-poison", "Transient: busy")]


@pytest.mark.parametrize(("handle", "queue", "make", "call", "send"), KINDS)
def test_what_can_be_put_back_waits_in_its_queue(
    over: Office, handle: str, queue: str, make: Make, call: str, send: str
) -> None:
    body, member = make(over), over.pair.members["main"]
    member.own.link.fail_next(call, error=Transient("slow down"))
    getattr(member.node, handle)(body, 5)
    assert member.own.state.rejected() == [], queue
    assert waiting(over, send) == [body]
