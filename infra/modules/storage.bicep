// All that a node keeps: queues, tables, the lease and heartbeats, staged screens, boards, the archive.
// What the Functions host keeps is in host-storage.bicep: the host owns all of its account, the node owns nothing whole.
param name string
param location string
param tags object
param sku string
param privateNetworking bool
@description('Days for which nobody can change or delete what is in the archive, as soon as the policy is locked.')
param immutabilityDays int
@description('The policy is locked already. Azure refuses to write it again, even unchanged.')
param archiveLocked bool
@description('Days for which what was deleted can be brought back.')
param softDeleteDays int
@description('Days without a change after which a recording becomes cool.')
param coolAfterDays int
@description('Days without a change after which a recording becomes cold.')
param coldAfterDays int

var names = loadJsonContent('../names.json')
// What fails again and again is moved to a queue of its own by the host, which finds it there.
var queueNames = concat(names.inboundQueues, names.poisonQueues)

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    networkAcls: {
      // Open to the network otherwise: workstations read their boards and upload with signed addresses.
      defaultAction: privateNetworking ? 'Deny' : 'Allow'
      bypass: 'AzureServices'
    }
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      services: {
        blob: {
          enabled: true
        }
        queue: {
          enabled: true
          keyType: 'Account'
        }
        table: {
          enabled: true
          keyType: 'Account'
        }
      }
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: softDeleteDays
    }
  }
}

resource leases 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobs
  name: names.leaseContainer
  properties: {
    publicAccess: 'None'
  }
}

resource screens 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobs
  name: names.screenContainer
  properties: {
    publicAccess: 'None'
  }
}

resource boards 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobs
  name: names.desktopContainer
  properties: {
    publicAccess: 'None'
  }
}

resource evidence 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobs
  name: names.evidenceContainer
  properties: {
    publicAccess: 'None'
  }
}

resource archive 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobs
  name: names.archiveContainer
  properties: {
    publicAccess: 'None'
    // By version: the JSON document beside a recording is replaced when its conversation has ended, and the older
    // versions stay protected.
    immutableStorageWithVersioning: {
      enabled: true
    }
  }
}

// Unlocked: it protects, and can still be shortened or removed. Locking cannot be undone and is no property that a
// template could set; docs/deployment.md says how.
resource immutability 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2025-01-01' = if (!archiveLocked) {
  parent: archive
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: immutabilityDays
    allowProtectedAppendWrites: false
  }
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  dependsOn: [
    blobs
  ]
  properties: {
    policy: {
      rules: [
        {
          name: 'recordings-get-cooler'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: [
                'blockBlob'
              ]
              prefixMatch: [
                '${names.archiveContainer}/'
              ]
            }
            actions: {
              baseBlob: {
                tierToCool: {
                  daysAfterModificationGreaterThan: coolAfterDays
                }
                tierToCold: {
                  daysAfterModificationGreaterThan: coldAfterDays
                }
              }
            }
          }
        }
        {
          // Versioning is a property of the whole account: a heartbeat is written every few seconds, and a staged screen
          // that was archived and deleted would stay for ever as a version.
          name: 'old-heartbeats-boards-and-staged-screens-go'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              // Staged screens are append blobs.
              blobTypes: [
                'blockBlob'
                'appendBlob'
              ]
              prefixMatch: [
                '${names.leaseContainer}/'
                '${names.desktopContainer}/'
                '${names.screenContainer}/'
              ]
            }
            actions: {
              version: {
                delete: {
                  daysAfterCreationGreaterThan: 1
                }
              }
            }
          }
        }
      ]
    }
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [for queue in queueNames: {
  parent: queueService
  name: queue
}]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [for table in names.tables: {
  parent: tableService
  name: table
}]

output id string = account.id
