"""What the product logs: one line for each change of state, named in the past tense, with ids as fields.

The text is `event=<name> key=value ...`, so that the queries of the alerts can find it wherever the host sends it.
Never payloads, tokens, addresses with signatures, or phone numbers.
"""

import logging
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
    WORK_FAILED = "work_failed"


def emit(event: Event, level: int = logging.INFO, **fields: object) -> None:
    """Log one event with its fields, in the order given; None is left out."""
    text = " ".join(f"{key}={value}" for key, value in fields.items() if value is not None)
    _log.log(level, "event=%s %s", event.value, text)
