// The secrets of one node. Its own vault in its own region: what one node loses does not stop the other.
param name string
param location string
param tags object
param tenantId string
param privateNetworking bool
@description('Day on which the client secret ends (2027-11-22), empty when it is not known.')
param clientSecretExpires string
@secure()
param clientSecret string
@secure()
param desktopSecret string
@secure()
param desktopSecretPrevious string
@secure()
param headerSecret string
@secure()
param headerSecretPrevious string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: privateNetworking ? 'Deny' : 'Allow'
      bypass: 'AzureServices'
    }
  }
}

// An empty parameter leaves alone what a person has put there.
resource client 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(clientSecret)) {
  parent: vault
  name: 'dynamics-client-secret'
  properties: {
    value: clientSecret
    contentType: 'client secret of the app registration of this node'
    attributes: {
      enabled: true
      exp: empty(clientSecretExpires) ? null : dateTimeToEpoch('${clientSecretExpires}T00:00:00Z')
    }
  }
}

resource desktop 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(desktopSecret)) {
  parent: vault
  name: 'desktop-secret'
  properties: {
    value: desktopSecret
    contentType: 'what the keys of the workstations are made from'
  }
}

resource desktopPrevious 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(desktopSecretPrevious)) {
  parent: vault
  name: 'desktop-secret-previous'
  properties: {
    value: desktopSecretPrevious
    contentType: 'the one before it'
  }
}

resource header 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(headerSecret)) {
  parent: vault
  name: 'ris-header-secret'
  properties: {
    value: headerSecret
    contentType: 'what webhooks say in the header x-ris-secret'
  }
}

resource headerPrevious 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(headerSecretPrevious)) {
  parent: vault
  name: 'ris-header-secret-previous'
  properties: {
    value: headerSecretPrevious
    contentType: 'the one before it'
  }
}

output id string = vault.id
