/** Reads the server list of an MCP client: `mcpServers` of Claude and Cursor, `servers` of VS Code. */
import { plainJson } from './jsonc.ts';
import { isMap } from './paths.ts';

/** A server that the gateway can stand in front of; a header's value is what the client would send. */
export interface HttpServer {
  name: string;
  url: string;
  headers: Record<string, string>;
}

/** A server that it cannot, and why. */
export interface SkippedServer {
  name: string;
  reason: string;
}

export interface ClientServers {
  servers: HttpServer[];
  skipped: SkippedServer[];
}

/** Reads the text of the list, comments and trailing commas allowed as VS Code allows them; an error's message says what is wrong with it. */
export function readClientServers(text: string): ClientServers {
  const data = parseJson(text);
  const list = isMap(data) ? (data['mcpServers'] ?? data['servers']) : undefined;
  if (!isMap(list)) throw new Error('has neither mcpServers nor servers');
  const found: ClientServers = { servers: [], skipped: [] };
  for (const [name, entry] of Object.entries(list)) {
    const reason = reasonToSkip(entry);
    if (reason !== undefined) found.skipped.push({ name, reason });
    else if (isMap(entry)) found.servers.push({ name, url: String(entry['url']), headers: headersOf(entry) });
  }
  return found;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(plainJson(text));
  } catch (error) {
    throw new Error(`is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function reasonToSkip(entry: unknown): string | undefined {
  if (!isMap(entry)) return 'not a map';
  const { type, url } = entry;
  if (type === 'sse') return 'the sse transport is not supported yet';
  if (type === 'stdio' || 'command' in entry) return 'the stdio transport is not supported yet';
  if (type !== undefined && !['http', 'streamable-http', 'streamableHttp'].includes(String(type))) {
    return `unknown type ${JSON.stringify(type)}`;
  }
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:/i.test(url)) return 'no http or https url';
  if (url.includes('${')) return 'the url holds a variable';
  const { username, password, hash } = new URL(url);
  return username + password + hash === '' ? undefined : 'the url holds credentials or a fragment';
}

function headersOf(entry: Record<string, unknown>): Record<string, string> {
  const headers = isMap(entry['headers']) ? Object.entries(entry['headers']) : [];
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), String(value)]));
}
