"""Who is signed in at which workstation, right now: agents sit where there is a free seat."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from capture.model.conversation import Agent
from capture.model.identity import AgentId


@dataclass(frozen=True, slots=True)
class SignIn:
    """A user at a workstation (its name in lower case), with the last sign of life, and the end when it is known."""

    workstation: str
    user: str
    signed_in_at: datetime
    seen_at: datetime
    signed_out_at: datetime | None = None

    @property
    def key(self) -> str:
        """The user as names are compared: without regard to case."""
        return self.user.strip().casefold()

    def lasts(self, now: datetime, gone_after: timedelta) -> bool:
        """Tell whether somebody sits there: not signed out, and heard of lately."""
        return self.signed_out_at is None and now - self.seen_at < gone_after


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node has an agent's seat of a session recorded: `since` he is signed in there, `at` it was placed."""

    agent_id: AgentId
    workstation: str
    since: datetime
    at: datetime

    def beats(self, other: "Place") -> bool:
        """Tell whether this is the better one of two places that two nodes have for one seat: the later sign-in."""
        return (self.since, self.workstation) > (other.since, other.workstation)


def merge_sign_ins(one: SignIn, other: SignIn) -> SignIn:
    """Join what one workstation says: the later sign-in holds; of the same one, the later sign of life and end."""
    first, last = sorted((one, other), key=lambda each: (each.signed_in_at, each.user))
    if (first.signed_in_at, first.user) != (last.signed_in_at, last.user):
        return last
    ends = [each.signed_out_at for each in (one, other) if each.signed_out_at is not None]
    return SignIn(one.workstation, one.user, one.signed_in_at, max(one.seen_at, other.seen_at), max(ends, default=None))


def names_of(agent: Agent) -> frozenset[str]:
    """Names under which an agent may be signed in, as `SignIn.key` spells them: domain name, e-mail, Entra id."""
    names = (agent.domain_name, agent.email, agent.entra_object_id)
    return frozenset(name.strip().casefold() for name in names if name is not None and name.strip())


def workstation_of(
    agent: Agent, sign_ins: Iterable[SignIn], now: datetime, *, gone_after: timedelta
) -> tuple[SignIn | None, tuple[SignIn, ...]]:
    """Find where an agent sits: the latest sign-in that lasts, and the others, which are reported; None: nowhere."""
    names = names_of(agent)
    found = sorted(
        (each for each in sign_ins if each.key in names and each.lasts(now, gone_after)),
        key=lambda each: (each.signed_in_at, each.workstation),
        reverse=True,
    )
    return (found[0], tuple(found[1:])) if found else (None, ())
