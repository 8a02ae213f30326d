// Front Door itself. Apart from what it routes: the nodes are locked to its id, and what it routes needs the nodes.
param name string
param tags object
param sku string

resource profile 'Microsoft.Cdn/profiles@2025-06-01' = {
  name: name
  location: 'global'
  tags: tags
  sku: {
    name: sku
  }
  properties: {
    // Dynamics gives up after 60 s.
    originResponseTimeoutSeconds: 60
    // The webhooks' key comes as ?code=, and the access log has the whole address.
    logScrubbing: {
      state: 'Enabled'
      scrubbingRules: [
        {
          matchVariable: 'QueryStringArgNames'
          selectorMatchOperator: 'EqualsAny'
          state: 'Enabled'
        }
      ]
    }
  }
}

output id string = profile.properties.frontDoorId
