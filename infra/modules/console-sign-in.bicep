// App Service authentication: who looks at the console has signed in with Entra. All other calls bring keys of their own,
// so nobody is turned away here: the product refuses the console to who has not signed in.
param siteName string
param tenantId string
@description('Client id of the app registration with which people sign in to the console.')
param consoleClientId string

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: siteName
}

resource signIn 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: consoleClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/v2.0'
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}
