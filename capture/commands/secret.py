"""Secrets come from variables that a person names, never from the command line, where others could read them."""

import typer

from capture.settings import secret_in


def secret_of(variable: str, option: str) -> str:
    """Read the secret from the variable; BadParameter when there is none, without repeating what was given."""
    found = secret_in(variable)
    if found is None:
        # what was given may be the secret itself, by mistake: it is not repeated
        raise typer.BadParameter("names a variable that is not set; it takes no secret itself", param_hint=option)
    if not found.get_secret_value().isprintable():
        raise typer.BadParameter("names a variable with characters that cannot be sent", param_hint=option)
    return found.get_secret_value()
