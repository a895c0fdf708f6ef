/** The gateway.yaml that `init` writes: a commented start, with an example or the servers of a client. */
import { stringify } from 'yaml';
import type { ClientServers, HttpServer } from './client-servers.ts';

/** The text of the file and the environment variables it needs, which hold the headers' secrets. */
export interface Starter {
  text: string;
  variables: string[];
}

interface Pool {
  name: string;
  url: string;
  headers: Record<string, string>;
}

/** Writes a file with one example pool. */
export function exampleStarter(): Starter {
  return {
    text: starterText([{ name: 'example', url: 'http://127.0.0.1:8000/mcp', headers: {} }], []),
    variables: [],
  };
}

/** Writes a file with a pool and a route for each server of a client. */
export function starterFrom({ servers, skipped }: ClientServers): Starter {
  const variables: string[] = [];
  const pools: Pool[] = [];
  for (const server of servers) pools.push(poolOf(server, pools, variables));
  const left = skipped.map(({ name, reason }) => `#   ${JSON.stringify(name)}: ${oneLine(reason)}`);
  return { text: starterText(pools, left), variables };
}

function poolOf(server: HttpServer, others: readonly Pool[], variables: string[]): Pool {
  const name = free(
    poolName(server.name),
    '-',
    others.map((pool) => pool.name),
  );
  const headers = Object.entries(server.headers).map(([header, value]) => {
    const variable = free(
      `${name}_${header}`
        .toUpperCase()
        .replaceAll(/[^A-Z0-9]+/g, '_')
        .replace(/^(?=\d)/, '_'),
      '_',
      variables,
    );
    variables.push(variable);
    const scheme = /^(Bearer|Basic|Token) (?=\S)/i.exec(value)?.[0] ?? '';
    return [header, `${scheme}\${${variable}}`] as const;
  });
  return { name, url: server.url.replaceAll('$', '$$$$'), headers: Object.fromEntries(headers) };
}

/** A pool's name is made of fewer characters than a client's name for a server. */
function poolName(name: string): string {
  const kept = name
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replaceAll(/_{2,}/g, '_')
    .replaceAll(/^[-_]+|[-_]+$/g, '')
    .slice(0, 50);
  return kept === '' ? 'server' : kept;
}

function free(wanted: string, joint: string, taken: readonly string[]): string {
  let name = wanted;
  for (let number = 2; taken.includes(name); number += 1) name = `${wanted}${joint}${number}`;
  return name;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function starterText(pools: readonly Pool[], left: readonly string[]): string {
  const written = pools.map(({ name, url, headers }) => ({
    name,
    endpoints: [{ url }],
    ...(Object.keys(headers).length > 0 && { headers }),
  }));
  const routes = pools.map(({ name }) => ({
    path: pools.length === 1 ? '/mcp' : `/${name}/mcp`,
    pools: [name],
  }));
  const notSupported = left.length === 0 ? [] : ['', '# Servers left out:', ...left];
  return [
    HEAD,
    stringify({ pools: written }).trimEnd(),
    ...notSupported,
    '',
    '# Which path of the gateway leads to which pool. A new pool needs a route.',
    stringify({ routes }),
  ].join('\n');
}

const HEAD = `# The configuration of mcp-gateway. Check a change with: mcp-gateway check
# All keys, with their meaning and defaults, are in config/REFERENCE.md.
version: 1

# Where MCP clients connect.
listen:
  host: 127.0.0.1 # only this machine; 0.0.0.0 for others too
  port: \${PORT:-8080} # from the environment, or 8080

# Health, metrics and the page.
admin:
  host: 127.0.0.1
  port: 9090

# How long a tool call may take: without a sign of progress, and in all.
limits:
  timeout: 30s
  max_timeout: 10m

# A pool is one service: a server, or several that are copies of each other and share the load.
# Secrets belong in the environment: \${VAR} stands for a variable, as in
#   headers: { authorization: "Bearer \${VAR}" }`;
