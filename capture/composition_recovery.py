"""Joins recovery, verification and the log of one node: on top of call audio, whose jobs it makes."""

from datetime import timedelta

from capture.composition import Audio, Redundancy, Surroundings
from capture.recovery.asking import Asking
from capture.recovery.automatic import Automatic
from capture.recovery.chain import Chain
from capture.recovery.compare import Comparison
from capture.recovery.days import Compliance
from capture.recovery.expiry import Expiry
from capture.recovery.fetch import Fetching
from capture.recovery.holds import Holding
from capture.recovery.integrity import Integrity
from capture.recovery.keeping import Keeping
from capture.recovery.looking import Looking
from capture.recovery.objects import Objects
from capture.recovery.removal import Removing
from capture.recovery.settle import Settlement
from capture.recovery.verify import Verification
from capture.recovery.work import Recovery


class Evidence:
    """What can show that nothing is missing: requests, and the work on them."""

    def __init__(self, on: Surroundings, redundancy: Redundancy, audio: Audio) -> None:
        """Join them; nobody is called."""
        settings, own, clock = on.settings, on.own, on.clock
        accounts = {on.name: own.evidence, on.peer_name: on.peer.evidence}
        chain = Chain(on.name, own.log, accounts, clock, timedelta(minutes=settings.log_block_minutes))
        self.asking = Asking(on.name, own.requests, redundancy.notifier, clock)
        self.integrity = Integrity(self.asking, own.evidence, sorted((on.name, on.peer_name)))
        self.removing = Removing(on.name, own.ledger, on.peer.ledger, audio.finisher, clock)
        self.holding = Holding(on.name, own.ledger, own.state, audio.finisher, clock)
        self.compliance = Compliance(
            on.name,
            settings.source_name,
            on.source,
            own.ledger,
            own.jobs,
            own.days,
            redundancy.notifier,
            clock,
            timedelta(days=settings.recovery_days),
            settings.compliance_target_percent,
            settings.min_call_seconds,
        )
        keeping = Keeping(on.name, own.requests, redundancy.notifier, clock)
        recheck = timedelta(seconds=settings.file_recheck_seconds)
        self.recovery = Recovery(
            node=on.name,
            requests=own.requests,
            looking=Looking(
                on.source,
                own.state,
                Comparison(own.ledger, own.jobs),
                Fetching(on.source, own.ledger, own.jobs, audio.assigner, audio.finisher, clock, recheck),
                keeping,
                clock,
                timedelta(minutes=settings.lookback_minutes),
            ),
            keeping=keeping,
            settlement=Settlement(own.ledger),
            automatic=Automatic(
                own.requests,
                clock,
                timedelta(days=settings.recovery_days),
                settings.verify_sample,
                settings.verify_hour,
            ),
            verification=Verification(
                on.name,
                own.ledger,
                on.peer.ledger,
                chain,
                Objects({on.name: own.archive, on.peer_name: on.peer.archive}, audio.finisher),
                audio.finisher,
                clock,
                on.jitter,
            ),
            compliance=self.compliance,
            chain=chain,
            expiry=Expiry(
                on.name,
                own.ledger,
                on.peer.ledger,
                own.archive,
                own.expiries,
                audio.finisher,
                clock,
                settings.verify_hour,
                settings.recovery_seconds / 3,
            ),
            incidents=redundancy.incidents,
            clock=clock,
            seconds=settings.recovery_seconds,
        )
