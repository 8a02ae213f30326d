"""What a person finds a recording by: the day, and words of it: agents, phone numbers, the conversation.

A word's form is chosen such that whatever begins with it is what is looked for: names are folded, numbers are turned
round, because people leave out the front of a number and never its end.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from capture.model.conversation import Conversation
from capture.model.identity import ConversationId, NodeName, RecordingId
from capture.model.ledger import LedgerEntry

REMOVED = "removed"
"""The state of a line whose recording a person has had removed."""


class Word(StrEnum):
    """What a recording of a day may be found by."""

    AGENT = "agent"
    NUMBER = "number"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of what a search finds. What is not known is None or empty."""

    recording_id: RecordingId
    created_on: datetime
    conversation_id: ConversationId | None = None
    state: str = "archived"
    node: NodeName | None = None
    media_type: str | None = None
    size: int | None = None
    screen: bool = False
    agents: tuple[str, ...] = ()
    queue: str | None = None
    customer: str | None = None
    from_phone: str | None = None
    to_phone: str | None = None

    @property
    def described(self) -> bool:
        """Tell whether the metadata of the call is in it."""
        return bool(self.agents or self.queue or self.customer or self.from_phone or self.to_phone)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, oldest first; `after` is where the next page begins, None when this is the last."""

    findings: tuple[Finding, ...]
    after: str | None = None


def finding(entry: LedgerEntry, conversation: Conversation | None) -> Finding:
    """Say in one line what is known of a recording; of a removed one nothing personal."""
    address = entry.address
    if entry.removed is not None:
        conversation = None
    return Finding(
        recording_id=entry.recording_id,
        created_on=entry.created_on,
        conversation_id=entry.conversation_id,
        state=entry.state,
        node=address.node if address is not None else None,
        media_type=address.media_type if address is not None else None,
        size=address.size if address is not None else None,
        screen=entry.screen is not None,
        agents=tuple(agent.name or agent.id for agent in conversation.agents) if conversation is not None else (),
        queue=conversation.queue if conversation is not None else None,
        customer=conversation.customer if conversation is not None else None,
        from_phone=conversation.from_phone if conversation is not None else None,
        to_phone=conversation.to_phone if conversation is not None else None,
    )


def join(known: Finding | None, new: Finding) -> Finding:
    """Join a line with an earlier one: what is archived stays so, and a description is not lost.

    What is removed stays so, and keeps no description.
    """
    if known is None or new.state == REMOVED:
        return new
    if known.state == REMOVED:
        return known
    if not new.described:
        new = replace(
            new,
            agents=known.agents,
            queue=known.queue,
            customer=known.customer,
            from_phone=known.from_phone,
            to_phone=known.to_phone,
        )
    if known.state == "archived" and new.state != "archived":
        new = replace(
            new, state=known.state, node=known.node, media_type=known.media_type, size=known.size, screen=known.screen
        )
    return new


def words(of: Finding) -> list[tuple[Word, str]]:
    """List the words that a line is found by: full names and each of their parts, numbers, the conversation."""
    found: list[tuple[Word, str]] = []
    for agent in of.agents:
        folded = as_name(agent)
        parts = folded.split()
        found += [(Word.AGENT, " ".join(parts[at:])) for at in range(len(parts))]
    found += [(Word.NUMBER, number) for text in (of.from_phone, of.to_phone) if (number := as_number(text or ""))]
    if of.conversation_id is not None:
        found.append((Word.CONVERSATION, of.conversation_id.lower()))
    return list(dict.fromkeys(found))


def as_name(text: str) -> str:
    """Fold a name: case and the space between its parts do not matter."""
    return " ".join(text.casefold().split())


def as_number(text: str) -> str:
    """Turn a phone number round, its digits alone, without the zeros and country signs that people write in front.

    So +49 151 2345 and 0151 2345 both begin as "5432151".
    """
    return re.sub(r"\D", "", text).lstrip("0")[::-1]
