// Every app setting of a node. The only module that writes them: a deployment replaces the whole set.
// A check compares the names with capture/settings.py, and what stands here as text with its defaults.
param siteName string
param nodeName string
param peerName string
param sourceName string
param preferredNode string
param dynamicsUrl string
param tenantId string
param clientId string
@description('Client id of the node\'s managed identity.')
param identityClientId string
param federatedCredentials bool
param clientSecretExpires string
param consoleEnabled bool
@description('Role that who sees the console must have; empty: anybody of the tenant.')
param consoleRole string
param vaultName string
param desktopsEnabled bool
param desktopSecretPreviousEnabled bool
param headerSecretEnabled bool
param headerSecretPreviousEnabled bool
param ownStorageName string
param peerStorageName string
param witnessStorageName string
param hostStorageName string
param insightsName string
param insightsGroup string
@description('Settings that shall differ from what stands here, the same on both nodes.')
param overrides object

var suffix = environment().suffixes.storage
var names = loadJsonContent('../names.json')

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
  scope: resourceGroup(insightsGroup)
}

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: siteName
}

var host = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: 'https://${hostStorageName}.blob.${suffix}'
  AzureWebJobsStorage__queueServiceUri: 'https://${hostStorageName}.queue.${suffix}'
  AzureWebJobsStorage__tableServiceUri: 'https://${hostStorageName}.table.${suffix}'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AZURE_CLIENT_ID: identityClientId
  PYTHON_THREADPOOL_THREAD_COUNT: '16'
}

var product = {
  NODE_NAME: nodeName
  PEER_NAME: peerName
  SOURCE_NAME: sourceName
  DYNAMICS_URL: dynamicsUrl
  DYNAMICS_TENANT_ID: tenantId
  DYNAMICS_CLIENT_ID: clientId
  DYNAMICS_IDENTITY_CLIENT_ID: federatedCredentials ? identityClientId : ''
  DYNAMICS_CLIENT_SECRET: federatedCredentials ? '' : '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=dynamics-client-secret)'
  DYNAMICS_CLIENT_SECRET_EXPIRES: federatedCredentials ? '' : clientSecretExpires
  DYNAMICS_AUTHORITY: environment().authentication.loginEndpoint
  DYNAMICS_SCOPE: ''
  DYNAMICS_API_VERSION: 'v9.2'
  DYNAMICS_PAGE_SIZE: '500'
  DYNAMICS_TIMEOUT_SECONDS: '10'
  CONSOLE_TENANT_ID: consoleEnabled ? tenantId : ''
  CONSOLE_ROLE: consoleRole
  OWN_STORAGE__credential: 'managedidentity'
  OWN_STORAGE__clientId: identityClientId
  OWN_STORAGE__blobServiceUri: 'https://${ownStorageName}.blob.${suffix}'
  OWN_STORAGE__queueServiceUri: 'https://${ownStorageName}.queue.${suffix}'
  OWN_STORAGE__tableServiceUri: 'https://${ownStorageName}.table.${suffix}'
  PEER_STORAGE__credential: 'managedidentity'
  PEER_STORAGE__clientId: identityClientId
  PEER_STORAGE__blobServiceUri: 'https://${peerStorageName}.blob.${suffix}'
  PEER_STORAGE__queueServiceUri: 'https://${peerStorageName}.queue.${suffix}'
  PEER_STORAGE__tableServiceUri: 'https://${peerStorageName}.table.${suffix}'
  WITNESS_STORAGE__credential: 'managedidentity'
  WITNESS_STORAGE__clientId: identityClientId
  WITNESS_STORAGE__blobServiceUri: 'https://${witnessStorageName}.blob.${suffix}'
  LEASE_CONTAINER: names.leaseContainer
  ARCHIVE_CONTAINER: names.archiveContainer
  INGEST_QUEUE: names.inboundQueues[0]
  WATERMARK_QUEUE: names.inboundQueues[1]
  SCREEN_QUEUE: names.inboundQueues[2]
  SCREEN_FILE_QUEUE: names.inboundQueues[3]
  SCREEN_CONTAINER: names.screenContainer
  DESKTOP_CONTAINER: names.desktopContainer
  EVIDENCE_CONTAINER: names.evidenceContainer
  WATCH_SCHEDULE: '*/5 * * * * *'
  SWEEP_SCHEDULE: '*/15 * * * * *'
  TICK_SECONDS: '5'
  LEASE_SECONDS: '15'
  LEASE_MARGIN_SECONDS: '3'
  PREFERRED_NODE: preferredNode
  RETURN_AFTER_SECONDS: '600'
  LOOKBACK_MINUTES: '15'
  LOOKBACK_EVERY_SECONDS: '60'
  FIRST_LOOKBACK_HOURS: '24'
  FILE_RECHECK_SECONDS: '15'
  GIVE_UP_HOURS: '72'
  REASSIGN_AFTER_SECONDS: '300'
  LOOK_PATIENCE_SECONDS: '120'
  MAX_OUTSTANDING: '1000'
  MAX_FAILURES: '5'
  RECOVERY_SCHEDULE: '5 * * * * *'
  RECOVERY_SECONDS: '30'
  RECOVERY_DAYS: '7'
  LOG_BLOCK_MINUTES: '1440'
  VERIFY_SAMPLE: '500'
  VERIFY_HOUR: '2'
  COMPLIANCE_TARGET_PERCENT: '100'
  MIN_CALL_SECONDS: '0'
  RETENTION_DAYS: '0'
  RETENTION_DAYS_BY_QUEUE: ''
  DESKTOP_SECRET: desktopsEnabled ? '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=desktop-secret)' : ''
  DESKTOP_SECRET_PREVIOUS: desktopSecretPreviousEnabled ? '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=desktop-secret-previous)' : ''
  RIS_HEADER_SECRET: headerSecretEnabled ? '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=ris-header-secret)' : ''
  RIS_HEADER_SECRET_PREVIOUS: headerSecretPreviousEnabled ? '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=ris-header-secret-previous)' : ''
  WEBHOOK_LIMIT_BYTES: '1048576'
  DESKTOP_POLL_SECONDS: '0.25'
  SCREEN_SWEEP_SCHEDULE: '*/10 * * * * *'
  SCREEN_CHANNELS: '192440000'
  SCREEN_MIN_SECONDS: '0'
  SCREEN_LONG_MINUTES: '120'
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'appsettings'
  properties: union(host, product, overrides)
}
