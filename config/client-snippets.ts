/** Writes what connects an MCP client to the gateway: commands to run, and entries for the clients' own files. */

/** Where a client is led, and under which name it keeps the gateway. */
export interface Connection {
  /** The MCP endpoint, e.g. `https://gw.example.com/mcp`. */
  readonly url: string;
  /** Letters, digits, `-` and `_`. */
  readonly name: string;
  /** Whether a key is asked for; it is taken from the environment, never written down. */
  readonly needsKey: boolean;
}

/** One way to connect a client. */
export interface Snippet {
  /** What to do with `text`: where it goes. */
  readonly title: string;
  readonly language: 'sh' | 'json' | 'toml';
  readonly text: string;
  readonly note?: string;
}

/** The environment variable that a client's key is read from. */
export const KEY_VARIABLE = 'MCP_GATEWAY_KEY';

const writers = {
  'claude-code': claudeCode,
  cursor,
  vscode,
  codex,
  'claude-desktop': claudeDesktop,
} as const satisfies Record<string, (connection: Connection) => Snippet[]>;

/** A client that can be told how to connect. */
export type ClientName = keyof typeof writers;

export const clientNames = Object.keys(writers) as readonly ClientName[];

/** What clients are called by people. */
export const clientTitles: Readonly<Record<ClientName, string>> = {
  'claude-code': 'Claude Code',
  cursor: 'Cursor',
  vscode: 'VS Code',
  codex: 'Codex',
  'claude-desktop': 'Claude Desktop',
};

export function isClientName(name: string): name is ClientName {
  return Object.hasOwn(writers, name);
}

/** The ways to connect a client, the simplest first. */
export function clientSnippets(client: ClientName, connection: Connection): Snippet[] {
  return writers[client](connection);
}

/** The name of the connection to a route: `gateway` for `/mcp`, `search` for `/search/mcp`. */
export function connectionName(path: string): string {
  const words = path.split('/').filter((word) => word !== '' && word !== 'mcp');
  return words.join('-').replace(/[^A-Za-z0-9_-]/g, '-') || 'gateway';
}

function claudeCode({ url, name, needsKey }: Connection): Snippet[] {
  const header = needsKey ? ` --header "Authorization: Bearer $${KEY_VARIABLE}"` : '';
  return [
    { title: 'Run', language: 'sh', text: `claude mcp add --transport http ${name} ${url}${header}` },
    {
      title: 'Or, for a whole team, .mcp.json in the repository',
      language: 'json',
      text: json({
        mcpServers: { [name]: { type: 'http', url, ...headers(needsKey, `\${${KEY_VARIABLE}}`) } },
      }),
    },
  ];
}

function cursor({ url, name, needsKey }: Connection): Snippet[] {
  return [
    {
      title: '.cursor/mcp.json, or ~/.cursor/mcp.json for all projects',
      language: 'json',
      text: json({ mcpServers: { [name]: { url, ...headers(needsKey, `\${env:${KEY_VARIABLE}}`) } } }),
    },
  ];
}

/** VS Code's key is `servers`, unlike everybody else's. */
function vscode({ url, name, needsKey }: Connection): Snippet[] {
  const id = 'mcp-gateway-key';
  const inputs = [{ type: 'promptString', id, description: 'Key of the MCP gateway', password: true }];
  const server = { type: 'http', url, ...headers(needsKey, `\${input:${id}}`) };
  const file: Snippet = {
    title: '.vscode/mcp.json',
    language: 'json',
    text: json({ ...(needsKey && { inputs }), servers: { [name]: server } }),
  };
  if (needsKey) return [file];
  const entry = JSON.stringify({ name, type: 'http', url });
  return [file, { title: 'Or run', language: 'sh', text: `code --add-mcp '${entry}'` }];
}

function codex({ url, name, needsKey }: Connection): Snippet[] {
  const key = needsKey ? `\nbearer_token_env_var = ${JSON.stringify(KEY_VARIABLE)}` : '';
  return [
    {
      title: '~/.codex/config.toml',
      language: 'toml',
      text: `[mcp_servers.${name}]\nurl = ${JSON.stringify(url)}${key}`,
    },
  ];
}

/** Its own connectors are dialled from the cloud; a gateway on a private network is reached through a local bridge. */
function claudeDesktop({ url, name, needsKey }: Connection): Snippet[] {
  const header = needsKey ? ['--header', `Authorization:\${${KEY_VARIABLE}}`] : [];
  const plain = url.startsWith('http:') ? ['--allow-http'] : [];
  const env = needsKey ? { env: { [KEY_VARIABLE]: 'Bearer YOUR-KEY' } } : {};
  const args = ['-y', 'mcp-remote', url, ...plain, ...header];
  return [
    {
      title: 'claude_desktop_config.json (Settings, Developer, Edit Config)',
      language: 'json',
      text: json({ mcpServers: { [name]: { command: 'npx', args, ...env } } }),
      note: 'A gateway that the internet can reach is added without a file: Settings, Connectors, Add custom connector.',
    },
  ];
}

function headers(needsKey: boolean, key: string): { headers?: Record<string, string> } {
  return needsKey ? { headers: { Authorization: `Bearer ${key}` } } : {};
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
