"""An agent's workstation in the lab: a virtual display and the desktop recorder."""

import base64
import hashlib
import hmac


def desk_key(secret: str, workstation: str) -> str:
    """Key of one workstation, as an administrator derives it from the pair's secret."""
    digest = hmac.new(secret.encode(), f"workstation:{workstation.lower()}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
