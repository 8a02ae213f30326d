// The pair: two nodes in two regions, a witness in a third, Front Door before both, and what watches them.
// At the scope of the subscription, because one deployment then makes a resource group in each of three regions, and a
// region that is down cannot hold up the resource groups of the other two.
targetScope = 'subscription'

@minLength(2)
@maxLength(8)
@description('Begins every name: lower-case letters and digits.')
param namePrefix string
@description('Tells this pair from others of the same name: prod, test.')
param environmentName string
@metadata({
  azd: {
    type: 'location'
  }
})
@description('Region of the node that is ACTIVE when all is well.')
param locationMain string
@description('Region of the other node.')
param locationPeer string
@description('A third region: one lease, the logs, the alerts.')
param locationWitness string

@description('Root of the Dynamics organisation, such as https://contoso.crm4.dynamics.com.')
param dynamicsUrl string
@description('Entra tenant of the organisation.')
param tenantId string
@description('Client id of main\'s own app registration.')
param clientIdMain string
@description('Client id of peer\'s own app registration.')
param clientIdPeer string
@secure()
@description('Empty: with federated credentials, or when the vault has it already.')
param clientSecretMain string = ''
@secure()
@description('Empty: with federated credentials, or when the vault has it already.')
param clientSecretPeer string = ''
@description('Day on which main\'s client secret ends, such as 2027-11-22; an alarm comes 30 days before. Empty: none.')
param clientSecretExpiresMain string = ''
@description('The same of peer\'s client secret.')
param clientSecretExpiresPeer string = ''
@description('The nodes\' managed identities stand in for client secrets, and there are none.')
param federatedCredentials bool = false
@description('Client id of the app registration with which people sign in to the console. Empty: no console in Azure.')
param consoleClientId string = ''
@description('Role of that registration that who sees the console must have. Empty: anybody of the tenant.')
param consoleRole string = ''
@description('Short name of the organisation; part of every archive path.')
param sourceName string = namePrefix
@description('The node that gets the role back after a failover: main, peer or none.')
param preferredNode string = 'main'

@secure()
@description('Secret from which the keys of workstations are made. Empty: desktops are refused.')
param desktopSecret string = ''
@secure()
@description('The desktop secret before it, until the keys are replaced.')
param desktopSecretPrevious string = ''
@secure()
@description('What webhooks say in the header x-ris-secret when no function key is used. Empty: that way is off.')
param headerSecret string = ''
@secure()
@description('The header secret before it, until it is replaced.')
param headerSecretPrevious string = ''
@description('Settings of the nodes that shall differ from infra/modules/settings.bicep, the same on both.')
param nodeSettings object = {}

@description('One address before both nodes. Without it each node has its own, and Dynamics posts to both.')
param useFrontDoor bool = true
@allowed([
  'Standard_AzureFrontDoor'
  'Premium_AzureFrontDoor'
])
@description('Premium has Microsoft\'s managed rules.')
param frontDoorSku string = 'Standard_AzureFrontDoor'
@allowed([
  'Detection'
  'Prevention'
])
param managedRulesMode string = 'Detection'
@minValue(5)
@maxValue(255)
@description('Seconds between two health probes of one edge site.')
param probeSeconds int = 30
@description('Calls a minute from one address, above which Front Door refuses.')
param callsAMinute int = 6000
@description('A name of your own for Front Door, such as ris.contoso.com. Empty: the one it gives.')
param customDomain string = ''
@description('Addresses (CIDR) from which operators and releases reach the nodes themselves.')
param operatorAddresses array = []
@description('Without Front Door: addresses (CIDR) that may call the nodes. Empty: anybody who has a key.')
param directAddresses array = []

@description('The stores and vaults have private addresses only, and the nodes reach them through networks of their own.')
param privateNetworking bool = false
@description('The first three numbers of the addresses of main\'s network, which is a /24.')
param addressesMain string = '10.80.0'
@description('The same of peer\'s network.')
param addressesPeer string = '10.80.1'

@description('Redundancy of a node\'s accounts within its region. The other copy is the other node\'s business.')
param storageSku string = 'Standard_ZRS'
@minValue(1)
@description('Days for which nobody can change what is archived.')
param immutabilityDays int = 7
@description('Asks infra/deploy.sh to lock that policy, which cannot be undone.')
param lockImmutability bool = false
@description('Main\'s policy is locked already and is left as it is: infra/deploy.sh looks.')
param archiveLockedMain bool = false
@description('The same of peer\'s policy.')
param archiveLockedPeer bool = false
@minValue(1)
@maxValue(365)
param softDeleteDays int = 14
param coolAfterDays int = 30
param coldAfterDays int = 180
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 10

@description('Who is told of alarms.')
param alertEmail string
@description('Seconds that recordings may wait before an alarm is raised. The low watermark is never younger than 900.')
param alertLagSeconds int = 3600
param alertOutboxSeconds int = 300
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('What the resources are made from, as one number. infra/deploy.sh gives it, and compares it the next time.')
param fingerprint string = ''

var token = uniqueString(subscription().id, namePrefix, environmentName)
var tags = {
  'azd-env-name': environmentName
  product: 'omnichannel-capture'
}
var packageContainer = 'app-package'
var names = {
  storageMain: 'st${namePrefix}m${token}'
  storagePeer: 'st${namePrefix}p${token}'
  storageWitness: 'st${namePrefix}w${token}'
  hostStorageMain: 'sh${namePrefix}m${token}'
  hostStoragePeer: 'sh${namePrefix}p${token}'
  vaultMain: 'kv${namePrefix}m${token}'
  vaultPeer: 'kv${namePrefix}p${token}'
  siteMain: 'func-${namePrefix}-main-${token}'
  sitePeer: 'func-${namePrefix}-peer-${token}'
  insights: 'appi-${namePrefix}-${token}'
  frontDoor: 'afd-${namePrefix}-${token}'
}

resource groupMain 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${namePrefix}-${environmentName}-main'
  location: locationMain
  tags: tags
}

resource groupPeer 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${namePrefix}-${environmentName}-peer'
  location: locationPeer
  tags: tags
}

resource groupWitness 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${namePrefix}-${environmentName}-witness'
  location: locationWitness
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: groupWitness
  params: {
    workspaceName: 'log-${namePrefix}-${token}'
    insightsName: names.insights
    location: locationWitness
    tags: tags
    retentionDays: logRetentionDays
  }
}

module witness 'modules/witness.bicep' = {
  name: 'witness'
  scope: groupWitness
  params: {
    name: names.storageWitness
    location: locationWitness
    tags: tags
    privateNetworking: privateNetworking
  }
}

module identityMain 'modules/identity.bicep' = {
  name: 'identity'
  scope: groupMain
  params: {
    name: 'id-${namePrefix}-main-${token}'
    location: locationMain
    tags: tags
  }
}

module identityPeer 'modules/identity.bicep' = {
  name: 'identity'
  scope: groupPeer
  params: {
    name: 'id-${namePrefix}-peer-${token}'
    location: locationPeer
    tags: tags
  }
}

module sharedRolesMain 'modules/shared-roles.bicep' = {
  name: 'shared-roles-main'
  scope: groupWitness
  dependsOn: [
    witness
    monitoring
  ]
  params: {
    witnessName: names.storageWitness
    insightsName: names.insights
    principalId: identityMain.outputs.principalId
  }
}

module sharedRolesPeer 'modules/shared-roles.bicep' = {
  name: 'shared-roles-peer'
  scope: groupWitness
  dependsOn: [
    witness
    monitoring
  ]
  params: {
    witnessName: names.storageWitness
    insightsName: names.insights
    principalId: identityPeer.outputs.principalId
  }
}

module regionMain 'modules/region.bicep' = {
  name: 'region'
  scope: groupMain
  params: {
    location: locationMain
    tags: tags
    storageName: names.storageMain
    hostStorageName: names.hostStorageMain
    vaultName: names.vaultMain
    storageSku: storageSku
    packageContainer: packageContainer
    tenantId: subscription().tenantId
    workspaceId: monitoring.outputs.workspaceId
    privateNetworking: privateNetworking
    immutabilityDays: immutabilityDays
    archiveLocked: archiveLockedMain
    softDeleteDays: softDeleteDays
    coolAfterDays: coolAfterDays
    coldAfterDays: coldAfterDays
    ownPrincipalId: identityMain.outputs.principalId
    peerPrincipalId: identityPeer.outputs.principalId
    clientSecretExpires: clientSecretExpiresMain
    clientSecret: clientSecretMain
    desktopSecret: desktopSecret
    desktopSecretPrevious: desktopSecretPrevious
    headerSecret: headerSecret
    headerSecretPrevious: headerSecretPrevious
  }
}

module regionPeer 'modules/region.bicep' = {
  name: 'region'
  scope: groupPeer
  params: {
    location: locationPeer
    tags: tags
    storageName: names.storagePeer
    hostStorageName: names.hostStoragePeer
    vaultName: names.vaultPeer
    storageSku: storageSku
    packageContainer: packageContainer
    tenantId: subscription().tenantId
    workspaceId: monitoring.outputs.workspaceId
    privateNetworking: privateNetworking
    immutabilityDays: immutabilityDays
    archiveLocked: archiveLockedPeer
    softDeleteDays: softDeleteDays
    coolAfterDays: coolAfterDays
    coldAfterDays: coldAfterDays
    ownPrincipalId: identityPeer.outputs.principalId
    peerPrincipalId: identityMain.outputs.principalId
    clientSecretExpires: clientSecretExpiresPeer
    clientSecret: clientSecretPeer
    desktopSecret: desktopSecret
    desktopSecretPrevious: desktopSecretPrevious
    headerSecret: headerSecret
    headerSecretPrevious: headerSecretPrevious
  }
}

module networkMain 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  scope: groupMain
  params: {
    name: 'vnet-${namePrefix}-main'
    location: locationMain
    tags: tags
    addresses: addressesMain
    targets: [
      { name: 'own-blob', id: regionMain.outputs.storageId, group: 'blob' }
      { name: 'own-queue', id: regionMain.outputs.storageId, group: 'queue' }
      { name: 'own-table', id: regionMain.outputs.storageId, group: 'table' }
      { name: 'host-blob', id: regionMain.outputs.hostStorageId, group: 'blob' }
      { name: 'host-queue', id: regionMain.outputs.hostStorageId, group: 'queue' }
      { name: 'host-table', id: regionMain.outputs.hostStorageId, group: 'table' }
      { name: 'own-vault', id: regionMain.outputs.vaultId, group: 'vault' }
      { name: 'other-blob', id: regionPeer.outputs.storageId, group: 'blob' }
      { name: 'other-queue', id: regionPeer.outputs.storageId, group: 'queue' }
      { name: 'other-table', id: regionPeer.outputs.storageId, group: 'table' }
      { name: 'witness-blob', id: witness.outputs.id, group: 'blob' }
    ]
  }
}

module networkPeer 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  scope: groupPeer
  params: {
    name: 'vnet-${namePrefix}-peer'
    location: locationPeer
    tags: tags
    addresses: addressesPeer
    targets: [
      { name: 'own-blob', id: regionPeer.outputs.storageId, group: 'blob' }
      { name: 'own-queue', id: regionPeer.outputs.storageId, group: 'queue' }
      { name: 'own-table', id: regionPeer.outputs.storageId, group: 'table' }
      { name: 'host-blob', id: regionPeer.outputs.hostStorageId, group: 'blob' }
      { name: 'host-queue', id: regionPeer.outputs.hostStorageId, group: 'queue' }
      { name: 'host-table', id: regionPeer.outputs.hostStorageId, group: 'table' }
      { name: 'own-vault', id: regionPeer.outputs.vaultId, group: 'vault' }
      { name: 'other-blob', id: regionMain.outputs.storageId, group: 'blob' }
      { name: 'other-queue', id: regionMain.outputs.storageId, group: 'queue' }
      { name: 'other-table', id: regionMain.outputs.storageId, group: 'table' }
      { name: 'witness-blob', id: witness.outputs.id, group: 'blob' }
    ]
  }
}

module frontDoorProfile 'modules/front-door-profile.bicep' = if (useFrontDoor) {
  name: 'front-door-profile'
  scope: groupWitness
  params: {
    name: names.frontDoor
    tags: tags
    sku: frontDoorSku
  }
}

module nodeMain 'modules/node.bicep' = {
  name: 'node'
  scope: groupMain
  // The roles first: a node that starts without them fails until they are there.
  dependsOn: [
    regionMain
    regionPeer
    sharedRolesMain
  ]
  params: {
    location: locationMain
    tags: union(tags, { 'azd-service-name': 'main' })
    siteName: names.siteMain
    planName: 'plan-${namePrefix}-main'
    identityId: identityMain.outputs.id
    identityClientId: identityMain.outputs.clientId
    nodeName: 'main'
    peerName: 'peer'
    sourceName: sourceName
    preferredNode: preferredNode
    dynamicsUrl: dynamicsUrl
    tenantId: tenantId
    clientId: clientIdMain
    federatedCredentials: federatedCredentials
    clientSecretExpires: clientSecretExpiresMain
    consoleClientId: consoleClientId
    consoleRole: consoleRole
    vaultName: names.vaultMain
    desktopsEnabled: !empty(desktopSecret)
    desktopSecretPreviousEnabled: !empty(desktopSecretPrevious)
    headerSecretEnabled: !empty(headerSecret)
    headerSecretPreviousEnabled: !empty(headerSecretPrevious)
    ownStorageName: names.storageMain
    peerStorageName: names.storagePeer
    witnessStorageName: names.storageWitness
    hostStorageName: names.hostStorageMain
    packageContainer: packageContainer
    insightsName: names.insights
    insightsGroup: groupWitness.name
    overrides: nodeSettings
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    frontDoorId: useFrontDoor ? frontDoorProfile.outputs.id : ''
    operatorAddresses: operatorAddresses
    directAddresses: directAddresses
    subnetId: privateNetworking ? networkMain.outputs.functionsSubnetId : ''
  }
}

module nodePeer 'modules/node.bicep' = {
  name: 'node'
  scope: groupPeer
  // After the other node: settings that change restart a node, and both at once would be a pause in capture.
  dependsOn: [
    nodeMain
    regionMain
    regionPeer
    sharedRolesPeer
  ]
  params: {
    location: locationPeer
    tags: union(tags, { 'azd-service-name': 'peer' })
    siteName: names.sitePeer
    planName: 'plan-${namePrefix}-peer'
    identityId: identityPeer.outputs.id
    identityClientId: identityPeer.outputs.clientId
    nodeName: 'peer'
    peerName: 'main'
    sourceName: sourceName
    preferredNode: preferredNode
    dynamicsUrl: dynamicsUrl
    tenantId: tenantId
    clientId: clientIdPeer
    federatedCredentials: federatedCredentials
    clientSecretExpires: clientSecretExpiresPeer
    consoleClientId: consoleClientId
    consoleRole: consoleRole
    vaultName: names.vaultPeer
    desktopsEnabled: !empty(desktopSecret)
    desktopSecretPreviousEnabled: !empty(desktopSecretPrevious)
    headerSecretEnabled: !empty(headerSecret)
    headerSecretPreviousEnabled: !empty(headerSecretPrevious)
    ownStorageName: names.storagePeer
    peerStorageName: names.storageMain
    witnessStorageName: names.storageWitness
    hostStorageName: names.hostStoragePeer
    packageContainer: packageContainer
    insightsName: names.insights
    insightsGroup: groupWitness.name
    overrides: nodeSettings
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    frontDoorId: useFrontDoor ? frontDoorProfile.outputs.id : ''
    operatorAddresses: operatorAddresses
    directAddresses: directAddresses
    subnetId: privateNetworking ? networkPeer.outputs.functionsSubnetId : ''
  }
}

module firewall 'modules/firewall.bicep' = if (useFrontDoor) {
  name: 'firewall'
  scope: groupWitness
  params: {
    name: 'waf${namePrefix}${token}'
    tags: tags
    sku: frontDoorSku
    callsAMinute: callsAMinute
    managedRulesMode: managedRulesMode
  }
}

module frontDoor 'modules/front-door.bicep' = if (useFrontDoor) {
  name: 'front-door'
  scope: groupWitness
  dependsOn: [
    frontDoorProfile
  ]
  params: {
    profileName: names.frontDoor
    endpointName: 'ris-${namePrefix}-${token}'
    tags: tags
    hostNameMain: nodeMain.outputs.hostName
    hostNamePeer: nodePeer.outputs.hostName
    firewallId: useFrontDoor ? firewall.outputs.id : ''
    workspaceId: monitoring.outputs.workspaceId
    probeSeconds: probeSeconds
    customDomain: customDomain
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: groupWitness
  params: {
    namePrefix: '${namePrefix}-${environmentName}'
    location: locationWitness
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    alertEmail: alertEmail
    lagSeconds: alertLagSeconds
    outboxSeconds: alertOutboxSeconds
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: groupWitness
  params: {
    location: locationWitness
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    title: 'Omnichannel capture ${environmentName}'
  }
}

var risPath = '/api/recording/cti/v1/MicrosoftDynamicsOmnichannelAdapter'
var publicHost = empty(customDomain) ? (useFrontDoor ? frontDoor.outputs.hostName : '') : customDomain

output fingerprint string = fingerprint
output functionAppMain string = names.siteMain
output functionAppPeer string = names.sitePeer
output resourceGroupMain string = groupMain.name
output resourceGroupPeer string = groupPeer.name
output resourceGroupWitness string = groupWitness.name
output storageMain string = names.storageMain
output storagePeer string = names.storagePeer
output storageWitness string = names.storageWitness
output archiveContainer string = 'recordings'
output immutabilityToBeLocked bool = lockImmutability
output identityClientIdMain string = identityMain.outputs.clientId
output identityClientIdPeer string = identityPeer.outputs.clientId
output identityPrincipalIdMain string = identityMain.outputs.principalId
output identityPrincipalIdPeer string = identityPeer.outputs.principalId
output keyVaultMain string = names.vaultMain
output keyVaultPeer string = names.vaultPeer
output frontDoorEndpoint string = useFrontDoor ? frontDoor.outputs.hostName : ''
output webhookUrl string = useFrontDoor ? 'https://${publicHost}${risPath}' : 'https://${nodeMain.outputs.hostName}${risPath}'
// Without Front Door Dynamics posts to both.
output webhookUrlPeer string = useFrontDoor ? '' : 'https://${nodePeer.outputs.hostName}${risPath}'
