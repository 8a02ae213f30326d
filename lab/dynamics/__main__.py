"""Run the simulated organisation until SIGTERM or Ctrl-C."""

import argparse
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

from lab.dynamics.calls import CallPlan
from lab.dynamics.organisation import Options
from lab.dynamics.protection import Limits
from lab.dynamics.server import running_organisation


def arguments() -> argparse.ArgumentParser:
    """Return the command line; every default is the documented behaviour of the real service."""
    parser = argparse.ArgumentParser(prog="python -m lab.dynamics", description=__doc__)
    add = parser.add_argument
    add("--https-port", type=int, default=0, help="Entra and the Web API, TLS (0: a free port)")
    add("--http-port", type=int, default=0, help="file downloads and the lab's API, plain (0: a free port)")
    add("--certificates", type=Path, required=True, help="folder of ca.pem and bundle.pem; an authority there is kept")
    add("--organisation", default="contoso")
    add("--client", action="append", metavar="ID:SECRET", help="a registered client; may be repeated")
    add("--rate", type=float, default=0, help="calls per second that happen by themselves")
    add("--size-bytes", type=int, help="size of every recording of these calls; without it that of a sample")
    add("--token-seconds", type=int, default=3599)
    add("--sas-seconds", type=float, default=3600)
    add("--limit-requests", type=int, default=6000, help="requests of one client in a window")
    add("--limit-window", type=float, default=300, help="the window in seconds")
    add("--limit-concurrent", type=int, default=52, help="requests of one client at the same time")
    add("--latency-seconds", type=float, default=0, help="how long every Web API call takes at least")
    add("--empty-file-status", type=int, choices=(404, 204), default=404, help="what $value of an empty column answers")
    add("--lookups-in-membership", action="store_true", help="let In take lookup columns")
    add("--seed", type=int, help="make ids and choices repeatable")
    return parser


def main() -> None:
    """Serve, say so in one line, and wait for the signal."""
    given = arguments().parse_args()
    options = Options(
        name=given.organisation,
        token_seconds=given.token_seconds,
        sas_seconds=given.sas_seconds,
        limits=Limits(given.limit_requests, given.limit_window, given.limit_concurrent),
        latency_seconds=given.latency_seconds,
        empty_file_status=given.empty_file_status,
        lookups_in_membership=given.lookups_in_membership,
        seed=given.seed,
        **({"clients": dict(client.split(":", 1) for client in given.client)} if given.client else {}),
    )
    # Blocked and waited for, before any thread begins. A handler that sets an event may run while the main thread is
    # just taking the lock of that event, and then waits for itself.
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    with running_organisation(
        options,
        folder=given.certificates,
        https_port=given.https_port,
        http_port=given.http_port,
        rate=given.rate,
        plan=CallPlan(size_bytes=given.size_bytes),
    ) as running:
        https, http = urlsplit(running.url).port, urlsplit(running.files_url).port
        sys.stdout.write(f"ready https={https} http={http}\n")
        sys.stdout.flush()
        signal.sigwait(ending)


if __name__ == "__main__":
    main()
