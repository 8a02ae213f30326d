"""Who is signed in at which workstation."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """A user at a workstation."""

    workstation: str
    user: str
    signed_in_at: datetime
    seen_at: datetime
    signed_out_at: datetime | None = None
