// What a node may do in its peer's region: docs/security.md has a row for each of these, and a check compares.
@description('Account of the node that is visited.')
param storageName string
@description('Identity of the other node, which visits.')
param principalId string

var roles = loadJsonContent('../roles.json')
var names = loadJsonContent('../names.json')

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' existing = {
  parent: account
  name: 'default'
}

resource leases 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: blobs
  name: names.leaseContainer
}

resource archive 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: blobs
  name: names.archiveContainer
}

resource evidence 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' existing = {
  parent: blobs
  name: names.evidenceContainer
}

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource ledger 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' existing = {
  parent: tableService
  name: 'ledger'
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' existing = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' existing = [for queue in names.inboundQueues: {
  parent: queueService
  name: queue
}]

resource peerQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (queue, index) in names.inboundQueues: {
  name: guid(account.id, queue, principalId, roles.queueDataMessageSender)
  scope: queues[index]
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueDataMessageSender)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

resource peerLeases 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, names.leaseContainer, principalId, roles.blobDataContributor)
  scope: leases
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource peerArchive 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, names.archiveContainer, principalId, roles.blobDataReader)
  scope: archive
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataReader)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource peerEvidence 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, names.evidenceContainer, principalId, roles.blobDataContributor)
  scope: evidence
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource peerLedger 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, 'ledger', principalId, roles.tableDataReader)
  scope: ledger
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.tableDataReader)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
