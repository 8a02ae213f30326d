// One node: its Function App and all of its settings.
param location string
param tags object
param siteName string
param planName string
param identityId string
param identityClientId string
param nodeName string
param peerName string
param sourceName string
param preferredNode string
param dynamicsUrl string
param tenantId string
param clientId string
param federatedCredentials bool
param clientSecretExpires string
param consoleClientId string
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
param packageContainer string
param insightsName string
param insightsGroup string
param overrides object
param instanceMemoryMB int
param maximumInstanceCount int
param frontDoorId string
param operatorAddresses array
param directAddresses array
param subnetId string

module app 'function-app.bicep' = {
  name: 'function-app'
  params: {
    siteName: siteName
    planName: planName
    location: location
    tags: tags
    identityId: identityId
    hostStorageName: hostStorageName
    packageContainer: packageContainer
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    frontDoorId: frontDoorId
    operatorAddresses: operatorAddresses
    directAddresses: directAddresses
    subnetId: subnetId
  }
}

module settings 'settings.bicep' = {
  name: 'settings'
  dependsOn: [
    app
  ]
  params: {
    siteName: siteName
    nodeName: nodeName
    peerName: peerName
    sourceName: sourceName
    preferredNode: preferredNode
    dynamicsUrl: dynamicsUrl
    tenantId: tenantId
    clientId: clientId
    identityClientId: identityClientId
    federatedCredentials: federatedCredentials
    clientSecretExpires: clientSecretExpires
    consoleEnabled: !empty(consoleClientId)
    consoleRole: consoleRole
    vaultName: vaultName
    desktopsEnabled: desktopsEnabled
    desktopSecretPreviousEnabled: desktopSecretPreviousEnabled
    headerSecretEnabled: headerSecretEnabled
    headerSecretPreviousEnabled: headerSecretPreviousEnabled
    ownStorageName: ownStorageName
    peerStorageName: peerStorageName
    witnessStorageName: witnessStorageName
    hostStorageName: hostStorageName
    insightsName: insightsName
    insightsGroup: insightsGroup
    overrides: overrides
  }
}

module consoleSignIn 'console-sign-in.bicep' = if (!empty(consoleClientId)) {
  name: 'console-sign-in'
  dependsOn: [
    settings
  ]
  params: {
    siteName: siteName
    tenantId: tenantId
    consoleClientId: consoleClientId
  }
}

output hostName string = app.outputs.hostName
