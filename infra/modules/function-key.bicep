// The key with which Dynamics calls, the same on both nodes: one URL with ?code= is good whichever node answers.
param siteName string
@secure()
param webhookKey string

// The compiler has no types for this one (Microsoft Learn, "Work with access keys in Azure Functions").
#disable-next-line BCP081
resource webhook 'Microsoft.Web/sites/host/functionKeys@2024-04-01' = {
  name: '${siteName}/default/webhook'
  properties: {
    name: 'webhook'
    value: webhookKey
  }
}
