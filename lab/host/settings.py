"""The settings file and everything that is looked up by name in the environment: connections and `%NAME%`."""

import json
import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

_PLACEHOLDER = re.compile(r"%([^%\s]+)%")


class MisconfiguredError(Exception):
    """The app or its settings cannot be run as they are; the message is one line for the person who wrote them."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens functions that are not anonymous. An empty key opens nothing."""

    function: str = ""
    master: str = ""


def load_local_settings(file: Path, environ: MutableMapping[str, str] = os.environ) -> Keys:
    """Put the file's `Values` under the environment, which wins, and return the keys of its `Host` section."""
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise MisconfiguredError(f"settings file {file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise MisconfiguredError(f"settings file {file} is not JSON: {error}") from error
    if content.get("IsEncrypted"):
        raise MisconfiguredError(f"settings file {file} is encrypted; decrypt it with `func settings decrypt`")
    for name, value in content.get("Values", {}).items():
        environ.setdefault(name, str(value))
    section = content.get("Host", {})
    return Keys(function=section.get("FunctionKey", ""), master=section.get("MasterKey", ""))


def resolve(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Replace each `%NAME%` by the setting of that name."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environ:
            raise MisconfiguredError(f"setting {name} is missing: {text!r} needs it")
        return environ[name]

    return _PLACEHOLDER.sub(value, text)


def connection_string(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """The connection string of a binding's `connection`: setting `AzureWebJobs<name>`, else `<name>`."""
    name = resolve(name, environ) or "AzureWebJobsStorage"
    found = environ.get(f"AzureWebJobs{name}") or environ.get(name)
    if found is None:
        # The real host takes an identity here; the emulator it would talk to has none, so say what is wanted instead.
        hint = " (identity-based connections are not supported here)" if f"{name}__queueServiceUri" in environ else ""
        raise MisconfiguredError(f"setting {name} is missing: it must hold a storage connection string{hint}")
    if "=" not in found or found.startswith("UseDevelopmentStorage"):
        raise MisconfiguredError(f"setting {name} must be a full connection string with AccountName and endpoints")
    return found


def is_disabled(function: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `AzureWebJobs.<function>.Disabled` (or its form with underscores) switches the function off."""
    names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs_{function}_Disabled")
    return any(environ.get(name, "").lower() in {"1", "true"} for name in names)
