"""What the product logs: one line for each change of state, named in the past tense, with ids as fields.

The text is `event=<name> key=value ...`, so that the queries of the alerts can find it wherever the host sends it.
Never payloads, tokens, addresses with signatures, or phone numbers: what looks like one of the last two is masked here.
From a webhook to the archive a call is followed by `conversation` and `session`, from a job by `recording`.
"""

import logging
import re
from enum import StrEnum

_log = logging.getLogger("capture")


class Event(StrEnum):
    """Every event, once. Alerts and their tests refer to these names."""

    BECAME_ACTIVE = "became_active"
    BECAME_READY = "became_ready"
    RESIGNED = "resigned"
    ROLE_REQUESTED = "role_requested"
    NO_MAJORITY = "no_majority"
    PEER_SILENT = "peer_silent"
    PEER_RETURNED = "peer_returned"
    RECORDINGS_DISCOVERED = "recordings_discovered"
    JOBS_REASSIGNED = "jobs_reassigned"
    RECORDING_ARCHIVED = "recording_archived"
    RECORDING_FOUND = "recording_found"
    RECORDING_PARKED = "recording_parked"
    RECORDING_REQUEUED = "recording_requeued"
    SECOND_COPY_FOUND = "second_copy_found"
    INGEST_POSTPONED = "ingest_postponed"
    ASSIGNMENT_REFUSED = "assignment_refused"
    NOTIFICATION_SENT = "notification_sent"
    NOTIFICATION_KEPT = "notification_kept"
    NOTIFICATION_MERGED = "notification_merged"
    MERGE_POSTPONED = "merge_postponed"
    CONVERSATION_FINISHED = "conversation_finished"
    MESSAGE_REJECTED = "message_rejected"
    MESSAGE_POISONED = "message_poisoned"
    MESSAGE_REQUEUED = "message_requeued"
    ROWS_SKIPPED = "rows_skipped"
    SCREEN_EVENT_KEPT = "screen_event_kept"
    SCREEN_EVENT_IGNORED = "screen_event_ignored"
    SCREEN_EVENT_POSTPONED = "screen_event_postponed"
    SCREEN_FORWARDED = "screen_forwarded"
    SCREEN_ORDERED = "screen_ordered"
    SCREEN_REPORTED = "screen_reported"
    SCREEN_ARCHIVED = "screen_archived"
    SCREEN_PASSED_ON = "screen_passed_on"
    SCREEN_POSTPONED = "screen_postponed"
    SCREEN_INCOMPLETE = "screen_incomplete"
    SCREEN_DELETED = "screen_deleted"
    SCREEN_FAILED = "screen_failed"
    SESSION_ENDED = "session_ended"
    SESSION_REPAIRED = "session_repaired"
    AGENT_WITHOUT_WORKSTATION = "agent_without_workstation"
    WORKSTATION_SIGNED_IN = "workstation_signed_in"
    WORKSTATION_SIGNED_OUT = "workstation_signed_out"
    WORKSTATIONS_DOUBLED = "workstations_doubled"
    LONG_CALL = "long_call"
    RECORDING_PLAYED = "recording_played"
    VISITOR_REFUSED = "visitor_refused"
    NODE_REPORTED = "node_reported"
    WITNESS_UNREACHABLE = "witness_unreachable"
    SECRET_EXPIRING = "secret_expiring"  # noqa: S105 - the name of an event
    STRANGER_REFUSED = "stranger_refused"
    RECORDING_LEFT_OUT = "recording_left_out"
    RECORDING_REMOVED = "recording_removed"
    RECORDING_HELD = "recording_held"
    RECORDING_RELEASED = "recording_released"
    RECORDING_EXPIRED = "recording_expired"
    HOLD_NOT_IN_STORE = "hold_not_in_store"
    RECORDINGS_MISSED = "recordings_missed"
    RECOVERY_ASKED = "recovery_asked"
    RECOVERY_ENDED = "recovery_ended"
    DAY_INCOMPLETE = "day_incomplete"
    OBJECT_LOST = "object_lost"
    OBJECT_ALTERED = "object_altered"
    LOG_BROKEN = "log_broken"
    LOG_SEALED = "log_sealed"
    WORK_FAILED = "work_failed"


_NUMBER = re.compile(r"(?<![\w.:])\+\d[\d ()-]{5,18}\d(?!\w)")
"""A phone number in the international form; a time zone is shorter."""
_SIGNATURE = re.compile(r"(?i)\b(sig|code|access_token|client_secret)=[^\s&]+")


def masked(text: str) -> str:
    """Take out phone numbers, but for the last two digits, and signatures."""
    text = _NUMBER.sub(lambda number: f"+***{number[0][-2:]}", text)
    return _SIGNATURE.sub(r"\1=***", text)


def emit(event: Event, level: int = logging.INFO, **fields: object) -> None:
    """Log one event with its fields, in the order given, as one line whatever they hold; None is left out."""
    text = " ".join(f"{key}={_printable(masked(str(value)))}" for key, value in fields.items() if value is not None)
    _log.log(level, "event=%s %s", event.value, text)


def _printable(text: str) -> str:
    """Escape what would begin a line of its own or move the cursor: a value may be what a stranger has said."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
