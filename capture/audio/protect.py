"""What follows a legal hold or its release, besides the fact itself."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from capture.errors import Unauthorized
from capture.events import Event, emit
from capture.model.hold import HeldRecording
from capture.model.identity import NodeName
from capture.model.ledger import Copy, LedgerEntry
from capture.ports import Archive, State

_NO_HOLDS = "the store has no legal holds here, or the object is not there"


@dataclass(frozen=True, slots=True)
class Protection:
    """Lists what is under hold, and has the store hold this node's objects, if it can.

    The product's own hold does not depend on it: what is held is not deleted, whatever the store says.
    """

    node: NodeName
    archive: Archive
    state: State

    def follow(self, known: LedgerEntry, copies: Iterable[Copy]) -> None:
        """Do as the latest word says; nothing without one. Safe to repeat: it is done again with every telling."""
        if known.hold is None:
            return
        if known.held:
            self.state.note_held(HeldRecording(known.recording_id, known.created_on, known.hold))
        else:
            self.state.forget_held(known.recording_id)
        for copy in copies:
            why = _NO_HOLDS if known.held else None
            try:
                done = self.archive.hold(copy.path, on=known.held)
            except Unauthorized as error:
                done, why = False, str(error)
            if not done and why is not None:
                emit(Event.HOLD_NOT_IN_STORE, logging.WARNING, node=self.node, recording=known.recording_id, why=why)
