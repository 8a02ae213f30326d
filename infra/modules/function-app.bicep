// Plan and Function App of one node (Flex Consumption). Its settings are in settings.bicep.
param siteName string
param planName string
param location string
param tags object
param identityId string
param hostStorageName string
param packageContainer string
param instanceMemoryMB int
param maximumInstanceCount int
@description('Front Door id that requests must carry; empty without Front Door.')
param frontDoorId string
@description('Addresses (CIDR) that may call the site past Front Door: operators and whoever deploys.')
param operatorAddresses array
@description('Without Front Door: addresses (CIDR) that may call the site; empty: anybody who has a key.')
param directAddresses array
@description('Subnet for what the site calls, empty without private networking.')
param subnetId string

var throughFrontDoor = empty(frontDoorId) ? [] : [
  {
    name: 'front-door'
    description: 'Only this Front Door: the tag alone would let in everybody else who has one.'
    priority: 100
    action: 'Allow'
    tag: 'ServiceTag'
    ipAddress: 'AzureFrontDoor.Backend'
    headers: {
      'x-azure-fdid': [
        frontDoorId
      ]
    }
  }
]
var byOperators = [for (address, index) in operatorAddresses: {
  name: 'operator-${index}'
  description: 'Status, roles and releases are not routed through Front Door.'
  priority: 200 + index
  action: 'Allow'
  ipAddress: address
}]
var direct = [for (address, index) in directAddresses: {
  name: 'direct-${index}'
  description: 'Two endpoints without Front Door.'
  priority: 400 + index
  action: 'Allow'
  ipAddress: address
}]
// Open only where the two nodes' own addresses are the endpoints and nobody has narrowed them down.
var open = empty(frontDoorId) && empty(directAddresses)

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: siteName
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: 'https://${hostStorageName}.blob.${environment().suffixes.storage}/${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        // As many as there are threads (PYTHON_THREADPOOL_THREAD_COUNT). For Python it is one otherwise: every probe of
        // Front Door that comes while a webhook is taken would need another instance, which is cold.
        triggers: {
          http: {
            perInstanceConcurrency: 16
          }
        }
        // Each of these has instances of its own. A timer that waits for an instance is a takeover that waits.
        // The timer of recovery (function_app.py, recover) may wait: it looks again at what has been captured already.
        alwaysReady: [
          {
            name: 'http'
            instanceCount: 1
          }
          {
            name: 'function:watch'
            instanceCount: 1
          }
          {
            name: 'function:sweep'
            instanceCount: 1
          }
          {
            name: 'function:screen_sweep'
            instanceCount: 1
          }
        ]
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      ipSecurityRestrictions: concat(throughFrontDoor, byOperators, direct)
      ipSecurityRestrictionsDefaultAction: open ? 'Allow' : 'Deny'
      // Deploying is guarded by Entra alone: a release comes from wherever its runner is.
      scmIpSecurityRestrictionsUseMain: false
    }
  }
}

resource noBasicAuthScm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

resource noBasicAuthFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

output hostName string = site.properties.defaultHostName
