// What Front Door lets through: at most so many calls a minute from one address, and with Premium Microsoft's rules.
param name string
param tags object
param sku string
param callsAMinute int
@description('Detection logs what Prevention would refuse: begin with it, bodies of webhooks may look like an attack.')
param managedRulesMode string

var managedRuleSets = sku == 'Premium_AzureFrontDoor' ? [
  {
    ruleSetType: 'Microsoft_DefaultRuleSet'
    ruleSetVersion: '2.1'
    ruleSetAction: 'Block'
  }
  {
    ruleSetType: 'Microsoft_BotManagerRuleSet'
    ruleSetVersion: '1.1'
  }
] : []

resource policy 'Microsoft.Network/FrontDoorWebApplicationFirewallPolicies@2024-02-01' = {
  name: name
  location: 'global'
  tags: tags
  sku: {
    name: sku
  }
  properties: {
    policySettings: {
      enabledState: 'Enabled'
      // Without managed rules only the rate limit is there, and it shall hold.
      mode: sku == 'Premium_AzureFrontDoor' ? managedRulesMode : 'Prevention'
      requestBodyCheck: 'Enabled'
      // As in front-door-profile.bicep. Here the address goes as a whole: that of a refused call is in the access log.
      logScrubbing: {
        state: 'Enabled'
        scrubbingRules: [
          {
            matchVariable: 'RequestUri'
            selectorMatchOperator: 'EqualsAny'
            state: 'Enabled'
          }
          {
            matchVariable: 'QueryStringArgNames'
            selectorMatchOperator: 'EqualsAny'
            state: 'Enabled'
          }
        ]
      }
    }
    customRules: {
      rules: [
        {
          name: 'CallsAMinute'
          priority: 100
          ruleType: 'RateLimitRule'
          rateLimitDurationInMinutes: 1
          rateLimitThreshold: callsAMinute
          action: 'Block'
          enabledState: 'Enabled'
          // Every call, whatever its path: '/api/' would let '/API/' pass, which Front Door and the nodes take as well.
          matchConditions: [
            {
              matchVariable: 'RequestUri'
              operator: 'Contains'
              negateCondition: false
              matchValue: [
                '/'
              ]
            }
          ]
        }
      ]
    }
    managedRules: {
      managedRuleSets: managedRuleSets
    }
  }
}

output id string = policy.id
