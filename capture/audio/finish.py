"""What follows once a recording is archived or given up: tell everybody, in the order that loses nothing.

Sidecar, log, interaction, own ledger, peer. The ledger row comes after everything else that this node keeps, so whoever
finds it there need only tell the peer again: the queue's next delivery, or else, when the command has run out by then,
the sweep. Killed before it, the queue delivers the job once more, and the committed blob, being the durable fact, is
found by its name.
"""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from capture.audio.lasting import Lasting
from capture.audio.protect import Protection
from capture.audio.sidecar import sidecar
from capture.errors import Locked, Permanent
from capture.events import Event, emit
from capture.messages import Notification
from capture.model.catalogue import finding
from capture.model.conversation import Conversation
from capture.model.evidence import archived, period_of
from capture.model.evidence import held as log_hold
from capture.model.evidence import removed as log_removal
from capture.model.hold import Hold
from capture.model.identity import Epoch, NodeName
from capture.model.ledger import EXPIRED_BY, Copy, LedgerEntry, Parked, ParkedRecording, Removal, merge_entries
from capture.model.path import stem
from capture.model.recording import Job, JobState, Recording
from capture.ports import Archive, Catalogue, Clock, Interactions, Jobs, Ledger, Log, OpenConversations, State
from capture.redundancy.notifications import Notifier

_READ_AGAIN_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Finisher:
    """Keeps facts about finished recordings in this node, and passes them on."""

    node: NodeName
    source_name: str
    archive: Archive
    log: Log
    ledger: Ledger
    interactions: Interactions
    catalogue: Catalogue
    open_conversations: OpenConversations
    jobs: Jobs
    state: State
    notifier: Notifier
    clock: Clock
    log_period: timedelta
    lasting: Lasting

    def finish(
        self, entry: LedgerEntry, conversation: Conversation | None, assigned_by: NodeName, *, again: bool = False
    ) -> None:
        """Keep a fact that this node found out, and tell the peer, always."""
        self.keep(entry, conversation)
        self.notifier.tell(entry, conversation, again=again)
        self._forget(entry, assigned_by)

    def park(self, recording: Recording, reason: str, conversation: Conversation | None, assigned_by: NodeName) -> None:
        """Give up with a reason: kept in the ledger of both nodes, and taken up again only by a person."""
        known = self.ledger.get(recording.id, recording.created_on)
        at = self.clock.now()
        if known is not None and known.reopened is not None:
            # A parking counts against what a person has reopened only when it is the later one, whosever clock lags.
            at = max(at, known.reopened + timedelta(microseconds=1))
        entry = LedgerEntry(
            recording.id, recording.created_on, recording.conversation_id, parked=Parked(at, self.node, reason)
        )
        self.finish(entry, conversation, assigned_by)
        emit(Event.RECORDING_PARKED, logging.WARNING, node=self.node, recording=recording.id, why=reason)

    def reopen(self, entry: LedgerEntry) -> None:
        """Undo a parking: the ACTIVE node finds the job, whichever node it is."""
        if entry.parked is None:
            return
        reopened = replace(entry, reopened=entry.parked.at)
        self._take_up(reopened)
        self.keep(reopened, None)
        self.notifier.tell(reopened, None)

    def lose(self, entry: LedgerEntry, copy: Copy) -> LedgerEntry:
        """Keep that a copy is gone from its archive. Unless there is another one, the ACTIVE node finds the job."""
        known = replace(entry, lost=entry.lost | {copy})
        if not known.finished:
            self._take_up(known)
        known = self.keep(known, self._conversation(known))
        self.notifier.tell(known, None)
        return known

    def remove(self, entry: LedgerEntry, removal: Removal) -> LedgerEntry:
        """Have the audio removed, here and at the peer, for good. The fact comes first: nobody fetches it again."""
        known = self.keep(replace(entry, removed=removal), None)
        self.notifier.tell(known, None)
        return known

    def hold(self, entry: LedgerEntry, hold: Hold) -> LedgerEntry:
        """Keep a legal hold or its release, here and at the peer; the log of this node has it first."""
        self.log.add(log_hold(entry, hold), period_of(self.clock.now(), self.log_period))
        known = self.keep(replace(entry, hold=hold), None)
        self.notifier.tell(known, None)
        return known

    def tell_again(self, known: LedgerEntry, conversation: Conversation | None, assigned_by: NodeName) -> None:
        """Repeat what follows the ledger row: a node may have been killed after it."""
        if known.parked is not None and known.state != "parked":
            self.state.forget_parked(known.recording_id)
        self.notifier.tell(known, conversation or self._conversation(known))
        self._forget(known, assigned_by)

    def _conversation(self, entry: LedgerEntry) -> Conversation | None:
        found = self.interactions.get(entry.conversation_id) if entry.conversation_id is not None else None
        return found.conversation if found is not None else None

    def _forget(self, entry: LedgerEntry, assigned_by: NodeName) -> None:
        # What a person has reopened is not done: its job must stay.
        if assigned_by == self.node and entry.finished:
            self.jobs.remove(entry.recording_id, entry.created_on)

    def _take_up(self, entry: LedgerEntry) -> None:
        # Of no epoch: whoever is ACTIVE asks Dynamics for the recording before it assigns it.
        recording = Recording(entry.recording_id, entry.created_on, entry.conversation_id)
        self.jobs.put([Job(recording, JobState.PENDING, due=self.clock.now(), epoch=Epoch(0))])

    def keep(self, entry: LedgerEntry, conversation: Conversation | None) -> LedgerEntry:
        """Take a fact into this node: idempotent, and complete before the ledger says so. Return what is known now."""
        if entry.hold is not None and conversation is None:
            # A hold may come years later, when Dynamics has the conversation no more: the sidecar must not lose it.
            conversation = self._conversation(entry)
        own_copy = next(iter(self._own_copies(entry)), None) if entry.removed is None else None
        if own_copy is not None:
            self.archive.put_sidecar(own_copy.path, sidecar(self.source_name, entry, own_copy, conversation))
            self.log.add(archived(entry, own_copy), period_of(self.clock.now(), self.log_period))
        if (
            entry.removed is None
            and entry.conversation_id is not None
            and (conversation is None or not conversation.finished)
        ):
            self.open_conversations.put(
                entry.conversation_id,
                self.clock.now() + (_READ_AGAIN_AFTER if conversation else timedelta(0)),
                _READ_AGAIN_AFTER.total_seconds(),
            )
        self.interactions.add(entry, conversation)
        if entry.removed is None:
            self.catalogue.add(finding(entry, conversation))
        if entry.parked is not None and entry.state == "parked":
            self.state.note_parked(ParkedRecording(entry.recording_id, entry.created_on, entry.parked.reason))
        self.lasting.note(entry)
        known = self.ledger.merge(entry)
        Protection(self.node, self.archive, self.state).follow(known, self._own_copies(known))
        if known.removed is not None:
            # After the merge: whichever fact comes late, the catalogue has nothing personal of it in the end.
            self.catalogue.add(finding(known, None))
        self._delete(known)
        if len({copy.node for copy in known.copies}) > 1:
            emit(Event.SECOND_COPY_FOUND, logging.WARNING, node=self.node, recording=entry.recording_id)
        if known.parked is not None and known.state != "parked":
            self.state.forget_parked(entry.recording_id)
        return known

    def _delete(self, known: LedgerEntry) -> None:
        """Delete the objects of what was removed, unless it is under hold."""
        if known.removed is None or known.held:
            return
        for copy in self._own_copies(known):
            # Noted before it is done: killed in between, the next telling does it.
            self.log.add(log_removal(known, copy, known.removed), period_of(self.clock.now(), self.log_period))
            try:
                self.archive.remove(copy.path)
            except Locked:
                if known.removed.by != EXPIRED_BY:
                    raise  # of what has expired, the next night looks again

    def _own_copies(self, entry: LedgerEntry) -> list[Copy]:
        return [copy for copy in sorted(entry.copies - entry.lost) if copy.node == self.node]

    def merge(self, notification: Notification) -> None:
        """Take in what the peer says. Facts are welcome whatever their epoch; the watermark is judged by it.

        When this node knows more of the recording than the peer says, it tells: it may have been killed between its
        ledger and the telling, and the peer may have done the work again meanwhile.
        """
        if notification.sender == self.node:
            raise Permanent(
                "a notification from this node itself: NODE_NAME and PEER_NAME of the pair must be mirrored"
            )
        if (entry := notification.entry) is not None:
            if notification.again:
                self._remember(entry)
            known = self._take_in(entry, notification.conversation)
            if _facts(known) != _facts(entry):
                self.notifier.tell(known, self._conversation(known))
            if known.finished:
                self.jobs.remove(entry.recording_id, entry.created_on)
            else:
                self._take_up(entry)
            emit(Event.NOTIFICATION_MERGED, node=self.node, recording=entry.recording_id)
        elif notification.conversation is not None:
            self.refresh(notification.conversation)
            self.open_conversations.remove(notification.conversation.id)
        if notification.watermark is not None:
            self.state.raise_watermark(notification.watermark)

    def _remember(self, entry: LedgerEntry) -> None:
        """Take in a copy of this node that it was killed before noting: the peer has archived the recording again."""
        name = stem(self.source_name, entry.recording_id, entry.created_on, entry.conversation_id)
        own = self.archive.find(name)
        if own is not None and not own.copies <= entry.copies:
            self.keep(own, None)

    def _take_in(self, entry: LedgerEntry, conversation: Conversation | None) -> LedgerEntry:
        known = self._old_news(entry)
        if known is None:
            return self.keep(entry, conversation)
        if conversation is not None:
            self.refresh(conversation)  # which may be news all the same
        return known

    def _old_news(self, entry: LedgerEntry) -> LedgerEntry | None:
        """Return what this node remembers, if the peer speaks of this node's own work and says nothing new.

        It may not: killed between commit and ledger, it hears of its own blob from the peer that found it.
        """
        if entry.removed is not None or entry.hold is not None or all(copy.node != self.node for copy in entry.copies):
            return None
        known = self.ledger.get(entry.recording_id, entry.created_on)
        return known if known is not None and merge_entries(known, entry) == known else None

    def refresh(self, conversation: Conversation) -> None:
        """Take in a reading made after the conversation had finished: the sidecars of this node say it, too.

        Whoever made it takes the conversation off the list of what is to be read again only after the peer was told.
        """
        self.interactions.add_reading(conversation)
        interaction = self.interactions.get(conversation.id)
        for entry in interaction.recordings if interaction else ():
            self.catalogue.add(finding(entry, conversation))
            self.lasting.lengthen(entry, conversation)
            for copy in entry.copies - entry.lost if entry.removed is None else ():
                if copy.node == self.node:
                    self.archive.put_sidecar(copy.path, sidecar(self.source_name, entry, copy, conversation))


def _facts(entry: LedgerEntry) -> tuple[object, ...]:
    """What the peer must know of a recording just as this node does."""
    return entry.copies, entry.lost, entry.parked, entry.reopened, entry.removed, entry.hold, entry.keep_until
