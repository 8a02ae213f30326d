// What wakes a person up. The queries are files of their own; a check compares the events they name with the code.
param namePrefix string
param location string
param tags object
param workspaceId string
param alertEmail string
@description('Seconds that recordings may wait, and the low watermark with them.')
param lagSeconds int
@description('Age of what the peer could not be told, in seconds, beyond which it is too old.')
param outboxSeconds int

var alerts = [
  {
    name: 'no-active'
    title: 'Nobody is ACTIVE: no recording is discovered'
    query: loadTextContent('../queries/no-active.kql')
    severity: 0
    every: 'PT1M'
    window: 'PT10M'
  }
  {
    name: 'two-active'
    title: 'Two nodes are ACTIVE'
    query: loadTextContent('../queries/two-active.kql')
    severity: 0
    every: 'PT1M'
    window: 'PT10M'
  }
  {
    name: 'lag'
    title: 'Recordings are late'
    query: replace(loadTextContent('../queries/lag.kql'), 'LagSeconds = 3600', 'LagSeconds = ${lagSeconds}')
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'parked'
    title: 'A recording needs a person'
    query: loadTextContent('../queries/parked.kql')
    severity: 2
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'evidence'
    title: 'Something that was archived is gone or altered, or a day is incomplete'
    query: loadTextContent('../queries/evidence.kql')
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'peer-silent'
    title: 'A node does not hear of its peer'
    query: loadTextContent('../queries/peer-silent.kql')
    severity: 1
    every: 'PT5M'
    window: 'PT5M'
  }
  {
    name: 'outbox'
    title: 'What the peer must hear waits longer and longer'
    query: replace(loadTextContent('../queries/outbox.kql'), 'OutboxSeconds = 300', 'OutboxSeconds = ${outboxSeconds}')
    severity: 2
    every: 'PT5M'
    window: 'PT15M'
  }
  {
    name: 'secret-expiring'
    title: 'A client secret ends within 30 days'
    query: loadTextContent('../queries/secret-expiring.kql')
    severity: 2
    every: 'PT1H'
    window: 'P1D'
  }
  {
    name: 'refused'
    title: 'A burst of callers without the right key'
    query: loadTextContent('../queries/refused.kql')
    severity: 2
    every: 'PT5M'
    window: 'PT5M'
  }
  {
    name: 'witness-unreachable'
    title: 'The witness does not answer'
    query: loadTextContent('../queries/witness-unreachable.kql')
    severity: 2
    every: 'PT5M'
    window: 'PT5M'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${namePrefix}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'capture'
    enabled: true
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in alerts: {
  name: '${namePrefix}-${alert.name}'
  location: location
  tags: tags
  properties: {
    displayName: alert.title
    severity: alert.severity
    enabled: true
    scopes: [
      workspaceId
    ]
    evaluationFrequency: alert.every
    windowSize: alert.window
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    // The tables come with the first log line.
    skipQueryValidation: true
    actions: {
      actionGroups: [
        people.id
      ]
    }
  }
}]
