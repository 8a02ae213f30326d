// A pair to begin with. Copy it, change the names, and give the copy to infra/deploy.sh. No secret belongs in here:
// what is read from the environment is put there by the scripts, or by a person for one command.
using './main.bicep'

param namePrefix = 'contoso'
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'prod')
param locationMain = 'westeurope'
param locationPeer = 'northeurope'
param locationWitness = 'swedencentral'

param dynamicsUrl = readEnvironmentVariable('DYNAMICS_URL', 'https://contoso.crm4.dynamics.com')
param tenantId = readEnvironmentVariable('AZURE_TENANT_ID', '00000000-0000-0000-0000-000000000000')
param clientIdMain = readEnvironmentVariable('CLIENT_ID_MAIN', '')
param clientIdPeer = readEnvironmentVariable('CLIENT_ID_PEER', '')
param federatedCredentials = false
param clientSecretMain = readEnvironmentVariable('CLIENT_SECRET_MAIN', '')
param clientSecretPeer = readEnvironmentVariable('CLIENT_SECRET_PEER', '')
param clientSecretExpiresMain = readEnvironmentVariable('CLIENT_SECRET_EXPIRES_MAIN', '')
param clientSecretExpiresPeer = readEnvironmentVariable('CLIENT_SECRET_EXPIRES_PEER', '')
param desktopSecret = readEnvironmentVariable('DESKTOP_SECRET', '')

param useFrontDoor = true
param frontDoorSku = 'Standard_AzureFrontDoor'
param privateNetworking = false
param immutabilityDays = 7
param lockImmutability = false
param archiveLockedMain = bool(readEnvironmentVariable('ARCHIVE_LOCKED_MAIN', 'false'))
param archiveLockedPeer = bool(readEnvironmentVariable('ARCHIVE_LOCKED_PEER', 'false'))
param fingerprint = readEnvironmentVariable('FINGERPRINT', '')
param alertEmail = 'operators@contoso.com'
