"""The one configuration file: every setting with its unit and default."""

import getpass
import os
import platform
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from desktop_recorder.errors import SettingsError

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Settings(BaseModel):
    """The settings of one workstation. Paths are absolute, names in lower case, URLs without a slash at their end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nodes: Annotated[tuple[str, ...], Field(min_length=1, max_length=4)]
    workstation: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
    key: SecretStr | None = None
    key_file: Path | None = None
    user: Annotated[str, Field(min_length=1, max_length=256)]
    spool: Path
    spool_mib: Annotated[int, Field(ge=1, le=1_048_576)] = 4096
    frame_rate: Annotated[int, Field(ge=1, le=30)] = 5
    screen: str = ""
    ffmpeg: Annotated[str, Field(min_length=1)] = "ffmpeg"
    ffmpeg_extra: tuple[str, ...] = ()
    log_file: Path
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"

    @field_validator("nodes")
    @classmethod
    def _urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
                raise ValueError(f"{url!r} must start with https:// because the key travels to it")
            if not parts.hostname or parts.query or parts.fragment:
                raise ValueError(f"{url!r} must be the root of a node, such as https://capture-main.azurewebsites.net")
        return tuple(dict.fromkeys(url.rstrip("/") for url in urls))

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.key is None) == (self.key_file is None):
            raise ValueError("give either key or key_file: the workstation's key as the administrator handed it out")
        return self

    def current_key(self) -> str:
        """Read the key, from its file each time, so that a new one needs no restart."""
        if self.key is not None:
            return self.key.get_secret_value().strip()
        try:
            text = Path(str(self.key_file)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"key_file = {str(self.key_file)!r}: cannot be read ({type(error).__name__})") from None
        if not text or not text.isascii() or not text.isprintable():
            raise SettingsError(f"key_file = {str(self.key_file)!r}: must hold the key, one line of ASCII")
        return text


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the configuration file; SettingsError has one line for each problem."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"--config {str(path)!r}: cannot be read ({type(error).__name__})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"--config {str(path)!r}: is not TOML: {error}") from None
    folder = path.resolve().parent
    values["workstation"] = str(values.get("workstation") or platform.node().partition(".")[0]).lower()
    values["user"] = values.get("user") or signed_in_user(environ)
    for name in ("spool", "key_file"):
        if isinstance(values.get(name), str):
            values[name] = folder / Path(values[name]).expanduser()
    log = values.get("log_file")
    if isinstance(values.get("spool"), Path):
        values["log_file"] = folder / Path(log).expanduser() if log else values["spool"] / "recorder.log"
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_problems(error)) from None


def signed_in_user(environ: Mapping[str, str]) -> str:
    r"""Ask the system who is signed in: on Windows the UPN or else DOMAIN\user, the short name elsewhere.

    In Dynamics 365 online the `domainname` of a user is the UPN; DOMAIN\user stands there only on premises.
    """
    if (domain := environ.get("USERDOMAIN")) and (name := environ.get("USERNAME")):
        return _principal_name(environ) or f"{domain}\\{name}"
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _principal_name(environ: Mapping[str, str]) -> str:
    """Ask Windows for the UPN; empty when it has none, as for an account of this machine alone."""
    # By its path: another program of this name may come first on PATH.
    whoami = Path(environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "whoami.exe"
    try:
        done = subprocess.run([str(whoami), "/upn"], capture_output=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    said = done.stdout.decode(errors="replace").strip()
    return said if "@" in said and len(said.split()) == 1 else ""


def _problems(error: ValidationError) -> str:
    lines: list[str] = []
    for problem in error.errors(include_url=False):
        name = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "missing":
            if name != "log_file":  # follows from the spool, which has a line of its own
                lines.append(f"{name}: is missing; see recorder.sample.toml")
        elif problem["type"] == "extra_forbidden":
            lines.append(f"{name}: is not a setting; see recorder.sample.toml")
        elif not name:
            lines.append(message)
        else:
            shown = "" if name == "key" else f" = {problem['input']!r}"
            lines.append(f"{name}{shown}: {message}")
    return "\n".join(lines)
