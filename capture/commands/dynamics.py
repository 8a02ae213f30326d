"""The organisation that the environment names, for commands: the same settings as a node's, those of stores aside."""

from capture.clock import SystemClock
from capture.omnichannel.pause import Alone, Pause
from capture.omnichannel.registration import Registration
from capture.omnichannel.tokens import Tokens
from capture.omnichannel.transport import session
from capture.omnichannel.web_api import WebApi
from capture.settings import Settings


def registration(name: str) -> Registration:
    """Return the registration under a name; SettingsError says what is missing."""
    settings, clock = Settings.of_a_command(), SystemClock()
    http = session(float(settings.dynamics_timeout_seconds))
    return Registration(WebApi(settings, Tokens(settings, clock, http), Pause(Alone(), clock), http), name)
