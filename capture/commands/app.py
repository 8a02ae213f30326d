"""All commands on one screen."""

import typer

from capture.commands.days import days
from capture.commands.desktop import desktop
from capture.commands.doctor import doctor
from capture.commands.handover import handover
from capture.commands.hold import hold
from capture.commands.parked import parked
from capture.commands.recordings import recordings
from capture.commands.recovery import recover, requests, verify
from capture.commands.status import status
from capture.commands.webhook import webhook

app = typer.Typer(
    help="Look at the nodes that capture from Dynamics 365 Omnichannel, and set up what they need.",
    no_args_is_help=True,
    add_completion=False,
    # a stack trace shows local variables, and these may be secrets
    pretty_exceptions_enable=False,
)
app.command()(status)
app.add_typer(parked, name="parked")
app.add_typer(recordings, name="recordings")
app.add_typer(hold, name="hold")
app.add_typer(days, name="days")
app.command()(handover)
app.command()(recover)
app.command()(requests)
app.command()(verify)
app.add_typer(webhook, name="webhook")
app.add_typer(desktop, name="desktop")
app.command()(doctor)


@app.callback()
def _main() -> None:
    """Keep the names of the groups, even while there is one only."""
