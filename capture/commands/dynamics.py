"""The organisation that the environment names, for commands: the same settings as a node's, those of stores aside."""

from capture.clock import SystemClock
from capture.omnichannel.pause import Alone, Pause
from capture.omnichannel.registration import Registration
from capture.omnichannel.tokens import Tokens
from capture.omnichannel.transport import session
from capture.omnichannel.web_api import WebApi
from capture.settings import Settings
from capture.storage.identity import assertion


def registration(name: str) -> Registration:
    """Return the registration under a name; SettingsError says what is missing."""
    settings, clock = Settings.of_a_command(), SystemClock()
    http = session(float(settings.dynamics_timeout_seconds))
    tokens = Tokens(settings, clock, http, assertion)
    return Registration(WebApi(settings, tokens, Pause(Alone(), clock), http), name)
