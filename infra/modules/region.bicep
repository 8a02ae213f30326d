// One node's region without its Function App: stores, vault, and who may do what there.
param location string
param tags object
param storageName string
param hostStorageName string
param vaultName string
param storageSku string
param packageContainer string
param tenantId string
param workspaceId string
param privateNetworking bool
param immutabilityDays int
param archiveLocked bool
param softDeleteDays int
param coolAfterDays int
param coldAfterDays int
@description('Identity of the node whose region this is.')
param ownPrincipalId string
@description('Identity of the other node.')
param peerPrincipalId string
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

module storage 'storage.bicep' = {
  name: 'storage'
  params: {
    name: storageName
    location: location
    tags: tags
    sku: storageSku
    privateNetworking: privateNetworking
    immutabilityDays: immutabilityDays
    archiveLocked: archiveLocked
    softDeleteDays: softDeleteDays
    coolAfterDays: coolAfterDays
    coldAfterDays: coldAfterDays
  }
}

module hostStorage 'host-storage.bicep' = {
  name: 'host-storage'
  params: {
    name: hostStorageName
    location: location
    tags: tags
    sku: storageSku
    privateNetworking: privateNetworking
    packageContainer: packageContainer
  }
}

module vault 'vault.bicep' = {
  name: 'vault'
  params: {
    name: vaultName
    location: location
    tags: tags
    tenantId: tenantId
    privateNetworking: privateNetworking
    clientSecretExpires: clientSecretExpires
    clientSecret: clientSecret
    desktopSecret: desktopSecret
    desktopSecretPrevious: desktopSecretPrevious
    headerSecret: headerSecret
    headerSecretPrevious: headerSecretPrevious
  }
}

module ownRoles 'own-roles.bicep' = {
  name: 'own-roles'
  dependsOn: [
    storage
    hostStorage
    vault
  ]
  params: {
    storageName: storageName
    hostStorageName: hostStorageName
    vaultName: vaultName
    principalId: ownPrincipalId
  }
}

module peerRoles 'peer-roles.bicep' = {
  name: 'peer-roles'
  dependsOn: [
    storage
  ]
  params: {
    storageName: storageName
    principalId: peerPrincipalId
  }
}

module diagnostics 'diagnostics.bicep' = {
  name: 'diagnostics'
  dependsOn: [
    storage
    vault
  ]
  params: {
    storageName: storageName
    vaultName: vaultName
    workspaceId: workspaceId
  }
}

output storageId string = storage.outputs.id
output hostStorageId string = hostStorage.outputs.id
output vaultId string = vault.outputs.id
