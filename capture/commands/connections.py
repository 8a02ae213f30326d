"""What a node must reach, in the order in which it needs it, and what to look for when it does not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from capture.errors import Unauthorized
from capture.model.identity import NodeName, RecordingId
from capture.ports import Clock, Lease, Ledger, OwnStores, PeerStores, Queue, Source
from capture.settings import Settings
from capture.storage.failures import NOT_ALLOWED

_NOBODY = RecordingId("no-such-object")
_DYNAMICS = "are DYNAMICS_URL and DYNAMICS_AUTHORITY right, and does the network (proxy, DNS) let this machine out?"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at, and what to look for when it cannot be reached."""

    what: str
    check: Callable[[], object]
    remedy: str


def connections(
    settings: Settings, own: OwnStores, peer: PeerStores, witness: Lease, source: Source, clock: Clock
) -> list[Check]:
    """List what a node needs, in the order in which it needs it; each check raises a CaptureError when it is not so."""
    node, other = NodeName(settings.node_name), NodeName(settings.peer_name)
    ours, theirs, third = (_storage(each) for each in ("OWN_STORAGE", "PEER_STORAGE", "WITNESS_STORAGE"))

    def recordings() -> str:
        since = clock.now() - timedelta(hours=1)
        return f"{sum(len(page) for page in source.recordings_between(since, clock.now()))} rows of the last hour"

    def calls() -> str:
        since = clock.now() - timedelta(hours=1)
        return f"{sum(len(page) for page in source.completed_calls(since, clock.now()))} completed of the last hour"

    def readable(ledger: Ledger) -> str:
        ledger.get(_NOBODY, clock.now())
        return "readable"

    return [
        Check("own storage, blobs", lambda: _beat(own.heartbeats.read(node)), ours),
        Check("own storage, queues", lambda: f"{own.ingest.length()} messages in {settings.ingest_queue}", ours),
        Check("own storage, tables", lambda: _last_error(own.state.last_error()), ours),
        Check("own archive", lambda: own.archive.size(_NOBODY) or "readable", ours),
        Check("own ledger", lambda: readable(own.ledger), ours),
        Check("own log", lambda: f"{len(own.evidence.names(node))} sealed blocks", ours),
        Check("peer's storage, blobs", lambda: _beat(peer.heartbeats.read(other)), theirs),
        Check("peer's storage, queues", lambda: length(peer.watermarks, settings.watermark_queue), theirs),
        Check("peer's archive", lambda: peer.archive.size(_NOBODY) or "readable", theirs),
        Check("peer's ledger", lambda: readable(peer.ledger), theirs),
        Check("peer's log", lambda: f"{len(peer.evidence.names(other))} sealed blocks", theirs),
        Check("witness", lambda: f"epoch {witness.reign()[0]}", third),
        Check("Dynamics, recordings", recordings, _DYNAMICS),
        Check("Dynamics, calls", calls, _DYNAMICS),
        Check("console", lambda: _console(settings), ""),
    ]


def length(queue: Queue, name: str) -> str:
    """Say how many messages a queue has, or that a role of this node ends before that. Unauthorized: no access."""
    try:
        return f"{queue.length()} messages in {name}"
    except Unauthorized as error:
        # A node's own role there is Storage Queue Data Message Sender. A wrong key, or no role, has another code.
        if NOT_ALLOWED not in str(error):
            raise
        return "may be sent to at most, not read: whether it may be sent to was not tried"


def _storage(setting: str) -> str:
    return (
        f"is the account in {setting} there, does its network admit this machine, and has its node ever been started?"
    )


def _beat(reading: tuple[Any, float] | None) -> str:
    return "no heartbeat yet" if reading is None else f"heartbeat {reading[1]:.0f} s old, {reading[0].role.value}"


def _last_error(error: tuple[Any, str] | None) -> str:
    return "no error is kept" if error is None else f"last error at {error[0]:%Y-%m-%d %H:%M:%S}: {error[1]}"


def _console(settings: Settings) -> str:
    if not settings.website_site_name:
        return "open on this machine only"
    if not settings.console_tenant_id:
        return "closed: CONSOLE_TENANT_ID is empty"
    if settings.website_auth_enabled.lower() != "true":
        return "closed: App Service authentication is off (WEBSITE_AUTH_ENABLED)"
    return "for the tenant in CONSOLE_TENANT_ID"
