"""The token endpoint of Entra ID, and the discovery document that MSAL reads first."""

import asyncio
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lab.dynamics.accounts import EntraError, expired_secret, invalid_secret
from lab.dynamics.faults import ANYWHERE, Fault, FaultKind, Place
from lab.dynamics.organisation import Organisation

STATUS = {FaultKind.THROTTLE: 429, FaultKind.SERVER_ERROR: 500, FaultKind.UNAVAILABLE: 503}


class Entra:
    """The identity provider; any tenant name is served."""

    def __init__(self, organisation: Organisation) -> None:
        self._organisation = organisation

    def routes(self) -> list[Route]:
        """Return the routes of the identity provider."""
        return [
            Route("/{tenant}/oauth2/v2.0/token", self.token, methods=["POST"]),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self.discovery),
        ]

    async def discovery(self, request: Request) -> Response:
        """Say where the endpoints of a tenant are."""
        tenant = f"https://{request.headers['host']}/{request.path_params['tenant']}"
        return JSONResponse(
            {
                "issuer": f"{tenant}/v2.0",
                "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
                "token_endpoint": f"{tenant}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{tenant}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{tenant}/discovery/v2.0/keys",
                "response_types_supported": ["code", "id_token", "token"],
                "subject_types_supported": ["pairwise"],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        )

    async def token(self, request: Request) -> Response:
        """Give out a token for client credentials."""
        organisation = self._organisation
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        client_id = form.get("client_id", "")
        organisation.statistics.note_token(client_id)
        kinds = (FaultKind.REJECT_SECRET, FaultKind.EXPIRE_SECRET, *ANYWHERE)
        fault = organisation.faults.strike(*kinds, place=Place.TOKEN, client_id=client_id)
        try:
            if fault is not None and fault.kind is FaultKind.LATE_ANSWER:
                await asyncio.sleep(fault.delay_seconds)
            elif fault is not None:
                return _faulty(fault, client_id)
            with organisation.lock:
                access_token = organisation.accounts.token(form, organisation.clock())
        except EntraError as error:
            return JSONResponse(error.body(), error.status)
        seconds = organisation.accounts.token_seconds
        answer = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}
        return JSONResponse({**answer, "access_token": access_token}, headers={"Cache-Control": "no-store"})


def _faulty(fault: Fault, client_id: str) -> Response:
    if fault.kind is FaultKind.REJECT_SECRET:
        raise invalid_secret(client_id)
    if fault.kind is FaultKind.EXPIRE_SECRET:
        raise expired_secret(client_id)
    body = {"error": "temporarily_unavailable", "error_description": "AADSTS90033: A transient error has occurred."}
    return JSONResponse(body, STATUS[fault.kind], fault.wait())
