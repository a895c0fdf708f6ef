// Method names, reserved `_meta` keys and header names of the protocol, and what the gateway knows of each method.

/** Reserved `_meta` keys (MCP 2026-07-28, basic, "_meta"; progress and trace context as in every revision). */
export const MetaKey = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  progressToken: 'progressToken',
  /** The gateway's own: on a request what the client wants of the cache, on a result how it was had. */
  cache: 'mcp-gateway/cache',
  truncated: 'mcp-gateway/truncated',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
} as const;

export const Method = {
  initialize: 'initialize',
  initialized: 'notifications/initialized',
  cancelled: 'notifications/cancelled',
  progress: 'notifications/progress',
  discover: 'server/discover',
  listen: 'subscriptions/listen',
  toolsCall: 'tools/call',
  toolsList: 'tools/list',
  promptsGet: 'prompts/get',
  promptsList: 'prompts/list',
  resourcesRead: 'resources/read',
  resourcesList: 'resources/list',
  templatesList: 'resources/templates/list',
  complete: 'completion/complete',
  ping: 'ping',
  setLevel: 'logging/setLevel',
  subscribe: 'resources/subscribe',
  unsubscribe: 'resources/unsubscribe',
  rootsChanged: 'notifications/roots/list_changed',
  tasksGet: 'tasks/get',
  tasksUpdate: 'tasks/update',
  tasksCancel: 'tasks/cancel',
} as const;

/** What servers say unasked of what they offer. */
export const Notice = {
  toolsChanged: 'notifications/tools/list_changed',
  promptsChanged: 'notifications/prompts/list_changed',
  resourcesChanged: 'notifications/resources/list_changed',
  resourceUpdated: 'notifications/resources/updated',
} as const;

/**
 * Which of `params` names what a request is about, and is mirrored in its `Mcp-Name` header (MCP 2026-07-28, streamable
 * HTTP; SEP-2663 for tasks).
 */
const nameSources: ReadonlyMap<string, 'name' | 'uri' | 'taskId'> = new Map([
  [Method.toolsCall, 'name'],
  [Method.promptsGet, 'name'],
  [Method.resourcesRead, 'uri'],
  [Method.tasksGet, 'taskId'],
  [Method.tasksUpdate, 'taskId'],
  [Method.tasksCancel, 'taskId'],
]);

export function nameSource(method: string): 'name' | 'uri' | 'taskId' | undefined {
  return nameSources.get(method);
}

/** Methods that the specifications define; any other is counted under one label. */
const known: ReadonlySet<string> = new Set(Object.values(Method));

/** The method as a metric label: attackers choose method names, so unknown ones share one. */
export function methodLabel(method: string): string {
  return known.has(method) ? method : '_other';
}
