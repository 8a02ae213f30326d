"""All commands on one screen."""

import typer

from capture.commands.recovery import recover, requests, verify
from capture.commands.webhook import webhook

app = typer.Typer(
    help="Set up what capture from Dynamics 365 Omnichannel needs. Settings come from the environment.",
    no_args_is_help=True,
    add_completion=False,
    # a stack trace shows local variables, and these may be secrets
    pretty_exceptions_enable=False,
)
app.command()(recover)
app.command()(requests)
app.command()(verify)
app.add_typer(webhook, name="webhook")


@app.callback()
def _main() -> None:
    """Keep the names of the groups, even while there is one only."""
