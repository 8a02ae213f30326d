"""Every app setting with its unit and default: the only reader of the environment.

Settings are read once, when the node starts. What is wrong is collected and told at once, a line for each setting.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from capture.connection import StorageConnection
from capture.errors import SettingsError
from capture.model.retention import MOST_DAYS, Retention, read_rules

NOBODY = "none"
"""What PREFERRED_NODE says when neither node is preferred."""

_ALIKE = 0.85
"""How much a name must resemble that of a setting to be taken for a mistake: a letter or two."""
_UNRESOLVED = "@Microsoft.KeyVault("

_OF_NO_COMMAND = {
    "NODE_NAME": "main",
    "PEER_NAME": "peer",
    "SOURCE_NAME": "command",
    "PREFERRED_NODE": NOBODY,
    "OWN_STORAGE__accountName": "unusedown",
    "PEER_STORAGE__accountName": "unusedpeer",
    "WITNESS_STORAGE__accountName": "unusedwitness",
}
"""What stands in a command for the settings that only a node needs."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,38}$")]
QueueName = Annotated[str, Field(pattern=r"^[a-z0-9](-?[a-z0-9]){2,54}$")]
ContainerName = Annotated[str, Field(pattern=r"^[a-z0-9](-?[a-z0-9]){2,62}$")]
Schedule = Annotated[str, Field(pattern=r"^(\S+\s+){5}\S+$")]


class Settings(BaseModel):
    """The settings of one node. Field names are the setting names in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    node_name: Name = Field(description="Name of this node.")
    peer_name: Name = Field(description="Name of the other node.")
    source_name: Name = Field(description="Short name of the Dynamics organisation; part of every archive path.")
    website_site_name: str = Field(
        default="",
        description="Set by Azure: the site's name, from which the lease id is derived. Empty: the node's name.",
    )
    website_auth_enabled: str = Field(
        default="",
        description="Set by Azure: whether App Service authentication is on. In Azure the console is closed without.",
    )
    console_tenant_id: str = Field(
        default="", description="Entra tenant whose people may see the console in Azure. Empty: nobody."
    )
    console_role: str = Field(
        default="", description="App role that they must have, too. Empty: everybody whom App Service admits."
    )

    dynamics_url: str = Field(description="Root of the organisation, such as https://contoso.crm4.dynamics.com.")
    dynamics_tenant_id: str = Field(min_length=1, description="Entra tenant: a guid or a domain.")
    dynamics_client_id: str = Field(min_length=1, description="Client id of this node's own app registration.")
    dynamics_identity_client_id: str = Field(
        default="",
        description="Client id of the managed identity whose token stands in for a client secret (federated "
        "credential). Empty: the secret is used.",
    )
    dynamics_client_secret: SecretStr = Field(
        default=SecretStr(""),
        validate_default=True,
        description="Client secret of this node, in Azure a Key Vault reference; required without a federated "
        "credential.",
    )
    dynamics_client_secret_expires: str = Field(
        default="", description="Day on which the client secret ends, such as 2027-11-22. Empty: nobody is warned."
    )
    dynamics_authority: str = Field(
        default="https://login.microsoftonline.com", description="Entra authority; differs in sovereign clouds."
    )
    dynamics_scope: str = Field(default="", description="Token scope. Empty: DYNAMICS_URL with /.default.")
    dynamics_api_version: str = Field(default="v9.2", pattern=r"^v\d+\.\d+$", description="Web API version.")
    dynamics_page_size: int = Field(default=500, ge=1, le=5000, description="Rows a page (odata.maxpagesize).")
    dynamics_timeout_seconds: int = Field(
        default=10, ge=1, le=300, description="Time-out of a call, and between two bytes of a download, in seconds."
    )

    own_storage: StorageConnection = Field(description="This node's storage account, a Functions connection.")
    peer_storage: StorageConnection = Field(description="The other node's storage account, a Functions connection.")
    witness_storage: StorageConnection = Field(description="The witness account, a Functions connection.")
    lease_container: ContainerName = Field(default="coordination", description="Container of leases and heartbeats.")
    archive_container: ContainerName = Field(default="recordings", description="Container of the archive.")
    ingest_queue: QueueName = Field(default="ingest", description="Queue of recordings to archive.")
    watermark_queue: QueueName = Field(default="watermark", description="Queue of the peer's notifications.")
    screen_queue: QueueName = Field(default="screen", description="Queue of facts about agents' sessions and desktops.")
    screen_file_queue: QueueName = Field(
        default="screenfile", description="Queue of recordings that desktops have uploaded, to be archived."
    )
    screen_container: ContainerName = Field(
        default="screens", description="Container in which desktops stage their recordings."
    )
    desktop_container: ContainerName = Field(
        default="desktops", description="Container of the boards that desktops read."
    )

    evidence_container: ContainerName = Field(
        default="evidence", description="Container of the sealed log of what was archived."
    )

    watch_schedule: Schedule = Field(
        default="*/5 * * * * *", description="NCRONTAB of the tick: election, heartbeat, discovery."
    )
    sweep_schedule: Schedule = Field(
        default="*/15 * * * * *", description="NCRONTAB of the sweep: reassignment, outbox, late files."
    )
    tick_seconds: int = Field(default=5, ge=1, le=20, description="Length of a tick, in seconds; as WATCH_SCHEDULE.")
    lease_seconds: int = Field(default=15, ge=15, le=60, description="Length of a lease, in seconds (Azure: 15 to 60).")
    lease_margin_seconds: int = Field(
        default=3, ge=1, le=20, description="How long before its lease ends a node stops believing in it, in seconds."
    )
    preferred_node: str = Field(
        default="main", description="Node that takes the role back after a failover; none: whoever has it keeps it."
    )
    return_after_seconds: int = Field(
        default=600,
        ge=30,
        le=86400,
        description="How long the preferred node must have been well before it gets the role back; doubles each time "
        "that it fails again within a day.",
    )
    lookback_minutes: int = Field(
        default=15, ge=1, le=1440, description="How late a row may be committed and still be found by discovery."
    )
    lookback_every_seconds: int = Field(default=60, ge=5, le=3600, description="Time between two look-backs.")
    first_lookback_hours: int = Field(
        default=24, ge=0, le=8760, description="Where a pair without any watermark starts: hours before now."
    )
    file_recheck_seconds: int = Field(default=15, ge=1, le=3600, description="Time between two looks for a late file.")
    give_up_hours: int = Field(
        default=72,
        ge=1,
        le=8760,
        description="Age at which a recording without file is parked, and a screen whose desktop is silent is archived "
        "as far as it came.",
    )
    reassign_after_seconds: int = Field(
        default=300, ge=10, le=86400, description="Length of a first assignment; doubles with each further one."
    )
    look_patience_seconds: int = Field(
        default=120,
        ge=0,
        le=3600,
        description="How long a recording that may have been archived already waits for the other archive to be "
        "readable, before it is archived again; at most half of its assignment.",
    )
    max_outstanding: int = Field(
        default=1000, ge=1, le=100000, description="Assigned jobs at once; discovery waits beyond it."
    )
    max_failures: int = Field(
        default=5, ge=1, le=100, description="Mangled deliveries of one recording before it is parked."
    )

    recovery_schedule: Schedule = Field(
        default="5 * * * * *", description="NCRONTAB of recovery and verification: a bounded part each time."
    )
    recovery_seconds: int = Field(
        default=30, ge=1, le=240, description="How long recovery works each time at most, in seconds."
    )
    recovery_days: int = Field(
        default=7,
        ge=0,
        le=365,
        description="How far back recovery compares Dynamics with the ledger by itself, in days, a fresh pair too: all "
        "of it every day, the last day every hour; 0: never by itself.",
    )
    log_block_minutes: int = Field(
        default=1440,
        ge=1,
        le=1440,
        description="How much of the log of what was archived is sealed into one block, in minutes; never changed "
        "later.",
    )
    verify_sample: int = Field(
        default=500, ge=0, le=100000, description="Recordings that are read again each night; 0: none."
    )
    verify_hour: int = Field(default=2, ge=0, le=23, description="Hour (UTC) after which the nightly sample is read.")

    compliance_target_percent: float = Field(
        default=100,
        ge=0,
        le=100,
        description="Part of a day's calls with recordings that must be archived, in per cent.",
    )
    min_call_seconds: int = Field(
        default=0,
        ge=0,
        le=3600,
        description="Recordings of calls that were over and shorter than this when their turn came are not archived; 0 "
        "archives all.",
    )

    retention_days: int = Field(
        default=0,
        ge=0,
        le=MOST_DAYS,
        description="How long recordings are kept after their creation, in days; fixed when one is archived, the same "
        "in both nodes; 0: for ever.",
    )
    retention_days_by_queue: str = Field(
        default="",
        description="The same for single queues, such as sales=365, claims=3650; while the queue of a call is not "
        "known, the longest counts.",
    )

    desktop_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Secret from which the keys of the workstations are made, the same in both nodes. Empty: desktops "
        "are refused.",
    )
    desktop_secret_previous: SecretStr = Field(
        default=SecretStr(""), description="The secret before it: its keys are good, too, until they are replaced."
    )
    desktop_poll_seconds: float = Field(
        default=0.25,
        ge=0.1,
        le=10,
        description="How often a desktop looks at its boards, in seconds: half of it is added to the start of a "
        "recording on average, all of it at worst.",
    )
    ris_header_secret: SecretStr = Field(
        default=SecretStr(""),
        description="What webhooks say in the header x-ris-secret when no function key is used. Empty: that way is "
        "off.",
    )
    ris_header_secret_previous: SecretStr = Field(
        default=SecretStr(""), description="The header secret before it, which is good, too, until it is replaced."
    )
    webhook_limit_bytes: int = Field(
        default=1048576, ge=1024, le=104857600, description="Largest webhook that is read, in bytes."
    )
    screen_sweep_schedule: Schedule = Field(
        default="*/10 * * * * *", description="NCRONTAB of the screen sweep: what lost webhooks have not said."
    )
    screen_channels: str = Field(
        default="192440000",
        pattern=r"^\d{1,10}( *, *\d{1,10})*$",
        description="Channels (msdyn_channel) whose agents' screens are recorded, separated by commas.",
    )
    screen_min_seconds: int = Field(
        default=0,
        ge=0,
        le=3600,
        description="Screens of sessions shorter than this, from accept to end, are deleted; 0 keeps all.",
    )
    screen_long_minutes: int = Field(
        default=120, ge=1, le=1440, description="A session that lasts longer raises an alarm."
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read all settings; SettingsError has one line for each that is missing, malformed or out of range."""
        values: dict[str, object] = {}
        for name, field in cls.model_fields.items():
            setting = name.upper()
            if field.annotation is StorageConnection:
                if (connection := StorageConnection.from_env(setting, environ)) is not None:
                    values[name] = connection
            elif (text := environ.get(setting, "").strip()) != "":
                values[name] = text
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError(_problems(error)) from None

    @classmethod
    def of_a_command(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings of a command that talks to Dynamics only: those of names and stores are not looked at."""
        environ = os.environ if environ is None else environ
        unused = {name.partition("__")[0] for name in _OF_NO_COMMAND}
        used = {name: value for name, value in environ.items() if name.partition("__")[0] not in unused}
        return cls.from_env(used | _OF_NO_COMMAND)

    @field_validator("*", mode="before")
    @classmethod
    def _resolved(cls, value: object) -> object:
        # A Key Vault reference that could not be resolved stays in the environment as it was written.
        if isinstance(value, str) and value.startswith(_UNRESOLVED):
            raise ValueError(
                "the Key Vault reference was not resolved: check the secret's name and that the node's identity "
                "has the role Key Vault Secrets User"
            )
        return value

    @field_validator("dynamics_client_secret", mode="after")
    @classmethod
    def _secret_or_identity(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        secret, identity = bool(value.get_secret_value()), bool(info.data.get("dynamics_identity_client_id"))
        if not secret and not identity:
            raise PydanticCustomError("missing", "is not set")
        if secret and identity:
            raise ValueError("is set beside DYNAMICS_IDENTITY_CLIENT_ID: remove the one that is not used")
        return value

    @field_validator("dynamics_client_secret_expires", mode="after")
    @classmethod
    def _day(cls, value: str) -> str:
        try:
            return date.fromisoformat(value).isoformat() if value else ""
        except ValueError:
            raise ValueError("must be a day such as 2027-11-22") from None

    @field_validator("retention_days_by_queue", mode="after")
    @classmethod
    def _rules(cls, value: str) -> str:
        read_rules(value)
        return value

    @field_validator("dynamics_url", "dynamics_authority")
    @classmethod
    def _https_root(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("must be an https:// address")
        return value.rstrip("/")

    @field_validator("node_name", "peer_name", "source_name", mode="after")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if value in ("witness", NOBODY):
            raise ValueError(f"{value!r} means something else: the third region is the witness, and {NOBODY} is nobody")
        return value

    @field_validator("own_storage", "peer_storage", "witness_storage", mode="after")
    @classmethod
    def _complete(cls, value: StorageConnection) -> StorageConnection:
        services = ("blob",) if value.setting == "WITNESS_STORAGE" else ("blob", "queue", "table")
        problem = value.problem(services)
        if problem is not None:
            raise ValueError(problem)
        return value

    @model_validator(mode="after")
    def _together(self) -> Self:
        problems = []
        if self.node_name == self.peer_name:
            problems.append("PEER_NAME: must differ from NODE_NAME")
        if self.preferred_node not in (self.node_name, self.peer_name, NOBODY):
            problems.append(
                f"PREFERRED_NODE: is {self.preferred_node!r}, must be NODE_NAME, PEER_NAME or {NOBODY!r} ({NOBODY}: "
                "whoever has the role keeps it)"
            )
        accounts = [self.own_storage.account, self.peer_storage.account, self.witness_storage.account]
        if len(set(accounts)) < len(accounts):
            problems.append(
                "OWN_STORAGE, PEER_STORAGE, WITNESS_STORAGE: must be three different accounts; two of three leases "
                "decide who is ACTIVE"
            )
        every = re.match(r"^\*/(\d+)( \*){5}$", self.watch_schedule)
        if every is not None and int(every[1]) != self.tick_seconds:
            problems.append(f"TICK_SECONDS: is {self.tick_seconds}, but WATCH_SCHEDULE ticks every {every[1]} seconds")
        if 2 * self.tick_seconds + self.lease_margin_seconds >= self.lease_seconds:
            problems.append(
                f"LEASE_SECONDS: {self.lease_seconds} is too short: two ticks (TICK_SECONDS={self.tick_seconds}) "
                f"and the margin (LEASE_MARGIN_SECONDS={self.lease_margin_seconds}) must fit into it"
            )
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def retention(self) -> Retention:
        """Until when recordings are kept."""
        return Retention(self.retention_days, read_rules(self.retention_days_by_queue))

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels whose agents' screens are recorded."""
        return tuple(int(each) for each in self.screen_channels.split(","))

    @property
    def secret_ends(self) -> date | None:
        """The day on which the client secret ends, None when it is not known or there is none."""
        return date.fromisoformat(self.dynamics_client_secret_expires) if self.dynamics_client_secret_expires else None

    @property
    def scope(self) -> str:
        """Token scope for Dataverse."""
        return self.dynamics_scope or f"{self.dynamics_url}/.default"

    @property
    def lease_identity(self) -> str:
        """What the lease id is derived from: unique for each deployed node."""
        return self.website_site_name or self.node_name


def secret_in(variable: str, environ: Mapping[str, str] | None = None) -> SecretStr | None:
    """Read a secret from the variable that a person named, None when there is nothing in it."""
    value = (os.environ if environ is None else environ).get(variable, "").strip()
    return SecretStr(value) if value else None


def setting_names() -> list[str]:
    """Names of all settings as they stand in the environment."""
    return [name.upper() for name in Settings.model_fields]


def misspelt(environ: Iterable[str] | None = None) -> Iterator[tuple[str, str]]:
    """Find names that look like a setting's and are none, each with the setting that was probably meant."""
    known = setting_names()
    for name in os.environ if environ is None else environ:
        stem = name.partition("__")[0]
        if stem not in known and (alike := get_close_matches(stem, known, n=1, cutoff=_ALIKE)):
            yield name, alike[0]


def _problems(error: ValidationError) -> list[str]:
    lines: list[str] = []
    for problem in error.errors(include_url=False, include_input=False):
        message = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:
            lines += message.splitlines()
            continue
        setting = str(problem["loc"][0]).upper()
        if problem["type"] == "missing":
            message = "is not set"
        lines.append(f"{setting}: {message[:1].lower()}{message[1:]}")
    return lines
