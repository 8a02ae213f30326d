"""Who this node is to Azure: a managed identity, and what it shows instead of a client secret."""

from functools import cache

from azure.core.credentials import TokenCredential
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

from capture.storage.failures import failures

_EXCHANGE = "api://AzureADTokenExchange/.default"
"""The audience of a token that is exchanged for another (Microsoft Learn, "Configure an application to trust a managed
identity")."""


@cache
def credential(client_id: str | None) -> TokenCredential:
    """Make the credential of one identity; always the same one, because it keeps its tokens in memory.

    Without an id it is the identity that AZURE_CLIENT_ID names, or the system-assigned one, in Azure, and the
    developer's own sign-in on a desk.
    """
    if client_id is not None:
        return ManagedIdentityCredential(client_id=client_id)
    return DefaultAzureCredential()


def assertion(client_id: str) -> str:
    """Fetch what the managed identity shows to Entra in the place of a client secret: a token of its own.

    Unauthorized when there is no such identity here, Transient when it cannot be asked now.
    """
    with failures("DYNAMICS_IDENTITY_CLIENT_ID", "fetch the token of the managed identity"):
        return credential(client_id).get_token(_EXCHANGE).token
