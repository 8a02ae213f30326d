"""Joins what the console shows of one node."""

from collections.abc import Callable, Mapping

from capture.composition import Redundancy, Surroundings
from capture.console.access import Access
from capture.console.conversation import ConversationView
from capture.console.desk import Asked, Console
from capture.console.finding import Search
from capture.console.glance import Glance
from capture.console.media import Media
from capture.console.status import Status


def console_of(
    on: Surroundings,
    redundancy: Redundancy,
    status: Status,
    more: Mapping[str, Callable[[Asked], object]],
) -> Console:
    """Join the console, with `more` paths below it; nobody is called."""
    settings, own, peer = on.settings, on.own, on.peer
    return Console(
        access=Access(
            site=settings.website_site_name,
            authentication=settings.website_auth_enabled,
            tenant=settings.console_tenant_id,
            role=settings.console_role,
        ),
        glance=Glance(
            status,
            own.reigns,
            own.alarms,
            peer.ingest,
            lambda: redundancy.rest.on,
            60 * settings.lookback_minutes,
        ),
        search=Search(own.catalogue, own.interactions, on.clock),
        conversations=ConversationView(own.interactions, own.sessions),
        media=Media(
            on.name,
            own.ledger,
            {on.name: own.archive, on.peer_name: peer.archive},
            own.listenings,
            on.clock,
        ),
        more=more,
    )
