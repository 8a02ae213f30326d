"""Seals each period (a day) of this node's log into a block, and checks the blocks of both nodes in both accounts."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from capture.errors import CaptureError
from capture.events import Event, emit
from capture.model.evidence import Archived, Head, block, digest, period_of, read_block, start_of
from capture.model.identity import NodeName
from capture.model.request import Item, Outcome
from capture.ports import Clock, Evidence, Log

_NAME = re.compile(r"node=(?P<node>[^/]+)/block=(?P<number>\d{8})-(?P<period>\d{4}-\d\d-\d\dT\d{4})\.jsonl")
_LATEST_NOTE = timedelta(hours=1)
"""A period is sealed so long after its end: whoever noted its name before the end has written by then."""


def name_of(node: NodeName, number: int, period: str) -> str:
    """Name of a block. Names order as numbers do."""
    return f"node={node}/block={number:08}-{period}.jsonl"


def period_in(name: str) -> str | None:
    """Period of a block by its name; None: this is no name of a block."""
    found = _NAME.fullmatch(name)
    return found["period"] if found is not None else None


@dataclass(slots=True)
class Chain:
    """The blocks. `accounts` are the two places in which they lie, the own one among them."""

    node: NodeName
    log: Log
    accounts: Mapping[NodeName, Evidence]
    clock: Clock
    length: timedelta
    _sealed_at: datetime | None = field(default=None, init=False)

    def seal(self) -> None:
        """Seal the periods that are over, and bring the peer the blocks that it lacks. Both nodes do this.

        Looks 24 times a period. A period without entries has no block. Transient when the own store cannot be reached;
        the peer's may be down.
        """
        now = self.clock.now()
        if self._sealed_at is not None and now - self._sealed_at < self.length / 24:
            return
        own = self.accounts[self.node]
        names = own.names(self.node)
        previous, number, sealed = self._end(own, names)
        # The period in which this moment lies may still grow; those before it are over.
        growing = period_of(now - min(_LATEST_NOTE, self.length), self.length)
        while (period := self.log.first_after(sealed)) is not None and period < growing:
            number += 1
            name = name_of(self.node, number, period)
            own.add(name, block(self.node, number, period, previous, self.log.of(period)))
            # Another instance may have sealed it: what lies there is the block.
            previous = digest(own.read(name) or b"")
            names.append(name)
            sealed = period
            emit(Event.LOG_SEALED, node=self.node, period=period)
        self._bring(own, names)
        self._sealed_at = now

    def _end(self, own: Evidence, names: list[str]) -> tuple[str, int, str]:
        """Hash and number of the last block, and its period."""
        found = _NAME.fullmatch(names[-1]) if names else None
        if found is None:
            return "", 0, ""
        return digest(own.read(names[-1]) or b""), int(found["number"]), found["period"]

    def _bring(self, own: Evidence, names: list[str]) -> None:
        for node, other in self.accounts.items():
            if node == self.node:
                continue
            try:
                there = set(other.names(self.node))
                for name in names:
                    if name not in there and (body := own.read(name)) is not None:
                        other.add(name, body)
            except CaptureError as error:  # nothing waits on the other region: the next hour tries again
                emit(Event.WORK_FAILED, node=self.node, work="bring blocks", why=error)

    def check(self, latest: int | None = None) -> tuple[list[Item], list[tuple[Head, list[Archived]]]]:
        """Check the blocks of both nodes, or only the `latest` of each. Return what is wrong, and what they say.

        Whoever changed or removed a block in one account is told by the other one, and by the block that follows.
        """
        problems: list[Item] = []
        blocks: list[tuple[Head, list[Archived]]] = []
        for node in self.accounts:
            previous: str | None = None
            for at, name in enumerate(names := self._names(node, latest)):
                bodies = {account: evidence.read(name) for account, evidence in self.accounts.items()}
                newest = at == len(names) - 1
                told = self._hash_told_by(names[at + 1]) if not newest and _follows(name, names[at + 1]) else None
                whole = at == 0 and latest is not None
                bad = list(_wrong(node, name, bodies, told, None if whole else previous or "", newest=newest))
                problems += [_problem(name, why) for why in bad]
                good = [body for body in bodies.values() if body is not None and (told in (None, digest(body)))]
                previous = told or (digest(good[0]) if good else None)
                if good and (read := _read(good[0])) is not None:
                    blocks.append(read)
        for item in problems:
            emit(Event.LOG_BROKEN, logging.ERROR, node=self.node, block=item.id, why=item.why)
        return problems, blocks

    def _names(self, node: NodeName, latest: int | None) -> list[str]:
        names = {name for evidence in self.accounts.values() for name in evidence.names(node)}
        ordered = sorted(name for name in names if _NAME.fullmatch(name))
        return ordered if latest is None else ordered[-latest:]

    def _hash_told_by(self, name: str) -> str | None:
        """What a block says of the one before: as both accounts agree, or else nobody can tell."""
        heads = {read[0].previous for each in self.accounts.values() if (read := _read(each.read(name))) is not None}
        return heads.pop() if len(heads) == 1 else None


def _wrong(
    node: NodeName,
    name: str,
    bodies: Mapping[NodeName, bytes | None],
    told: str | None,
    previous: str | None,
    *,
    newest: bool,
) -> Iterator[str]:
    for account, body in bodies.items():
        read = _read(body)
        if body is None:
            # The newest one may be on its way to the other account, never from its own.
            if account == node or not newest:
                yield f"the block is missing in {account}'s account"
        elif told is not None and digest(body) != told:
            yield f"the block was altered in {account}'s account: its hash is not what the next block says"
        elif read is None:
            yield f"the block in {account}'s account cannot be read"
        elif previous is not None and read[0].previous != previous:
            yield f"the chain breaks before this block in {account}'s account: the one before is missing or another"
        elif len(read[1]) != read[0].entries or (read[0].node, name_of(node, read[0].number, read[0].period)) != (
            node,
            name,
        ):
            yield f"the block in {account}'s account contradicts itself: its head and its entries or name differ"
    if told is None and len({digest(body) for body in bodies.values() if body is not None}) > 1:
        yield "the accounts have different blocks of this name, and no later block says which is right"


def _follows(name: str, other: str) -> bool:
    """Tell whether no number is missing between two blocks: else the other one speaks of a block that is gone."""
    one, two = _NAME.fullmatch(name), _NAME.fullmatch(other)
    return one is not None and two is not None and int(two["number"]) == int(one["number"]) + 1


def _problem(name: str, why: str) -> Item:
    found = _NAME.fullmatch(name)
    start = start_of(found["period"]) if found else datetime.min.replace(tzinfo=UTC)
    return Item(name, start, why, Outcome.REPORTED, "what was logged cannot be proven from this block")


def _read(body: bytes | None) -> tuple[Head, list[Archived]] | None:
    try:
        return read_block(body) if body is not None else None
    except ValueError:
        return None
