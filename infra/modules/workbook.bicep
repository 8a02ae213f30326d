// The operators' page. The queries are files of their own, as those of the alerts.
param location string
param tags object
param workspaceId string
param title string

var charts = [
  {
    title: 'Roles (2 ACTIVE, 1 READY, 0 neither)'
    query: loadTextContent('../queries/wb-roles.kql')
    visualization: 'timechart'
  }
  {
    title: 'Lag of the low watermark of both nodes, in seconds'
    query: loadTextContent('../queries/wb-lag.kql')
    visualization: 'timechart'
  }
  {
    title: 'Archived per minute, by node'
    query: loadTextContent('../queries/wb-archived.kql')
    visualization: 'timechart'
  }
  {
    title: 'Changes of the role'
    query: loadTextContent('../queries/wb-failovers.kql')
    visualization: 'table'
  }
  {
    title: 'What needs a person'
    query: loadTextContent('../queries/wb-parked.kql')
    visualization: 'table'
  }
  {
    title: 'Until a webhook is kept, in milliseconds'
    query: loadTextContent('../queries/wb-latencies.kql')
    visualization: 'timechart'
  }
]
var items = [for (chart, index) in charts: {
  type: 3
  name: 'chart-${index}'
  content: {
    version: 'KqlItem/1.0'
    title: chart.title
    query: chart.query
    visualization: chart.visualization
    size: 0
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    timeContextFromParameter: 'Range'
  }
}]
var timeRange = loadJsonContent('../workbook-range.json')
var content = {
  version: 'Notebook/1.0'
  items: concat([
    timeRange
  ], items)
  fallbackResourceIds: [
    workspaceId
  ]
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspaceId, 'capture')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: title
    serializedData: string(content)
    sourceId: workspaceId
    category: 'workbook'
    version: '1.0'
  }
}
