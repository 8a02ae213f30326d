"""Desktops: the keys that an administrator hands out."""

from typing import Annotated

import typer

from capture.commands.secret import secret_of
from capture.screen.keys import is_workstation, workstation_key

desktop = typer.Typer(help="Workstations whose screens are recorded.", no_args_is_help=True)


@desktop.callback()
def _desktop() -> None:
    """Keep the name of the command, even while there is one only."""


@desktop.command()
def key(
    workstation: Annotated[str, typer.Argument(help="Name of the workstation, as its recorder says it.")],
    secret_from: Annotated[
        str, typer.Option(metavar="VARIABLE", help="Variable that holds DESKTOP_SECRET as both nodes have it.")
    ] = "DESKTOP_SECRET",  # noqa: S107  a variable's name
) -> None:
    """Print the key of one workstation, for its key_file. The same secret gives the same key; no node is asked."""
    if not is_workstation(workstation.lower()):
        raise typer.BadParameter(
            "must begin with a letter or digit and have at most 63 letters, digits, dots, hyphens and underscores",
            param_hint="WORKSTATION",
        )
    typer.echo(workstation_key(secret_of(secret_from, "--secret-from"), workstation))
