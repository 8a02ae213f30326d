"""What must be so in the end, when everything has calmed down, and how to know that the end has come."""

import json
from dataclasses import replace
from functools import reduce
from hashlib import sha256

from capture.model.authority import merge_preferences
from capture.model.conversation import Interaction
from tests.simulation.truth import Truth
from tests.stores.account import MemoryStores
from tests.stores.clock import START

_MENDED = 90.0
"""Seconds in which a node finds out that all is well again: the longest rest from its peer, and some ticks."""


class Ending:
    """Asks the stores themselves, not what was noted of them."""

    def __init__(self, truth: Truth, preferred: str | None, return_after: float) -> None:
        self._truth = truth
        self._preferred = preferred
        self._return_after = return_after
        self.orphans = 0
        self._stores = {name: truth.accounts[name].stores for name in truth.hosts}
        self._unequal: list[str] | None = None

    def settled(self) -> bool:
        """Tell whether nothing is left to do. Cheap while something is."""
        return (
            not self._truth.open and not self.problems(first=True) and self._agreed() and not self._unwanted(soon=True)
        )

    def _agreed(self) -> bool:
        """Tell whether all interactions have once been equal: what was so is not read again."""
        main, peer = self._stores.values()
        if self._unequal is None:
            self._unequal = sorted(main.interactions.facts.keys() | peer.interactions.facts.keys())
        while self._unequal and _read(main, self._unequal[-1]) == _read(peer, self._unequal[-1]):
            self._unequal.pop()
        if self._unequal:
            return False
        self._unequal = None
        return True

    def problems(self, *, first: bool = False) -> list[tuple[str, str, tuple[str, ...]]]:
        """Name everything that is not as it should be, or only the first thing found."""
        found: list[tuple[str, str, tuple[str, ...]]] = []
        self._left(found)
        if first and found:
            return found
        self._ledgers(found)
        if not first:
            self._interactions(found)
            self._archives(found)
            self._words(found)
        return found

    def _words(self, found: list[tuple[str, str, tuple[str, ...]]]) -> None:
        main, peer = (stores.state.preferences[-1:] for stores in self._stores.values())
        if main != peer:
            found.append(("one node has not heard a person's word", f"{main} {peer}", ()))
        if why := self._unwanted():
            found.append(("not the node that is wanted", why, ()))

    def _unwanted(self, *, soon: bool = False) -> str:
        """Tell what is wrong with who is ACTIVE; with `soon` only as long as that may yet come right.

        The wanted node must have been well for RETURN_AFTER_SECONDS, doubled for each time that the other one has left
        the role to it, by clocks that go wrong. Before it is well, it finds out what has been mended.
        """
        states = [stores.state for stores in self._stores.values()]
        said = reduce(merge_preferences, [state.preferences[-1] for state in states if state.preferences], None)
        wanted = said.node if said is not None else self._preferred
        active = self._truth.active()
        if wanted in (None, active):
            return ""
        yields = max((state.yielded[-1].count for state in states if state.yielded), default=0)
        calm_since = max(self._truth.calm_since, *(host.started_at for host in self._truth.hosts.values()))
        limit = calm_since + _MENDED + 1.02 * self._return_after * 2 ** min(yields, 6)
        if soon and self._truth.kernel.now > limit:
            return ""
        return f"{wanted} should be ACTIVE, {active} is, {self._truth.kernel.now - calm_since:.0f} s on"

    def _left(self, found: list[tuple[str, str, tuple[str, ...]]]) -> None:
        active = self._truth.active()
        if active is None:
            found.append(("nobody is ACTIVE", "", ()))
        for name, stores in self._stores.items():
            host = self._truth.hosts[name]
            queues = {"ingest": stores.ingest, "watermark": stores.watermarks}
            queues |= {queue.kind: queue for queue in host.poisons}
            for kind, queue in queues.items():
                if bodies := queue.bodies():
                    found.append((f"queue not empty: {kind}", f"{name}: {len(bodies)}: {bodies[0]!r}", _ids(bodies[0])))
            if stores.outbox.messages:
                found.append(("outbox not empty", f"{name}: {len(stores.outbox.messages)}", ()))
            if stores.state.rejections:
                found.append(("rejected", f"{name}: {list(stores.state.rejections.items())[:2]}", ()))
            if name == active and stores.jobs.jobs:
                job = next(iter(stores.jobs.jobs.values()))
                found.append(("job left", f"{name}: {len(stores.jobs.jobs)}: {job}", (job.recording.id,)))

    def _ledgers(self, found: list[tuple[str, str, tuple[str, ...]]]) -> None:
        main, peer = (stores.ledger.entries for stores in self._stores.values())
        found += [
            ("known to one ledger only", f"{key[1]} of {key[0]}: {key in main=}", (key[1],))
            for key in sorted(main.keys() ^ peer.keys())
        ]
        found += [
            ("ledgers differ", f"{key[1]}: {entry} {peer[key]}", (key[1],))
            for key, entry in main.items()
            if key in peer and peer[key] != entry
        ]
        for recording, call in self._truth.calls.items():
            entry = main.get((call.recording.created_on, recording))
            if entry is None:
                found.append(("lost", f"{recording} of {call.recording.created_on} is in no ledger", (recording,)))
            elif any(copy.path not in self._stores[copy.node].archive.blobs for copy in entry.copies):
                found.append(("copy not in the archive", f"{recording}: {entry.copies}", (recording,)))
            elif call.file_at is not None and not entry.copies:
                found.append(("parked with a file", f"{recording}: {entry.parked}", (recording,)))
            elif call.file_at is None and entry.parked is None:
                found.append(("not parked", f"{recording} has no file", (recording,)))

    def _archives(self, found: list[tuple[str, str, tuple[str, ...]]]) -> None:
        for name, stores in self._stores.items():
            kept: set[str] = set()
            for path, blob in stores.archive.blobs.items():
                recording = blob.entry.recording_id
                if recording in kept:
                    found.append(("two objects", f"{name}: {path}", (recording,)))
                kept.add(recording)
                content = self._truth.calls[recording].content
                if blob.data != content or blob.copy.sha256 != sha256(content).hexdigest():
                    found.append(("wrong content", f"{name}: {path}", (recording,)))
                entry = stores.ledger.entries.get((blob.entry.created_on, recording))
                if entry is not None and entry.copies and not blob.entry.copies & entry.copies:
                    # Killed after the commit, and the command ran out: the other node has done it again.
                    self.orphans += 1
                    continue
                if path.rpartition(".")[0] + ".json" not in stores.archive.sidecars:
                    found.append(("no sidecar", f"{name}: {path}", (recording,)))
                if entry is None or not blob.entry.copies <= entry.copies:
                    found.append(("copy not in the ledger", f"{name}: {path}", (recording,)))

    def _interactions(self, found: list[tuple[str, str, tuple[str, ...]]]) -> None:
        main, peer = self._stores.values()
        for key in sorted(main.interactions.facts.keys() | peer.interactions.facts.keys()):
            one, other = _read(main, key), _read(peer, key)
            if one != other:
                found.append(("interactions differ", f"{key}: {one} | {other}", (key,)))


def _read(stores: MemoryStores, key: str) -> Interaction | None:
    """Read an interaction without the time at which its metadata were read: each node may have read for itself."""
    facts = stores.interactions.facts.get(key)
    found = stores.interactions.get(key) if facts else None
    if found is None or found.conversation is None:
        return found
    return replace(found, conversation=replace(found.conversation, read_at=START))


def _ids(body: bytes) -> tuple[str, ...]:
    found = json.loads(body)
    row = found.get("recording") or found.get("entry") or {}
    return tuple(str(each) for each in (row.get("id") or row.get("recording_id"),) if each)
