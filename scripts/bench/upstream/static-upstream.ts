// The upstream of call loads: nginx answers the known tools/call from its configuration, two ports, so that it is
// never the bottleneck (6 us a call measured); any other message goes to a real MCP server behind it.
import { legacyLookup, lookupResult, MODERN_LOOKUP } from '../calls.ts';
import type { Child, Lab } from '../lab.ts';
import { nginxCommand, nginxConfig } from '../nginx-config.ts';
import { findToolOrSay } from '../tools.ts';
import { startMessageUpstream } from './message-upstream.ts';

export interface StaticUpstream extends Child {
  /** Two ports that answer alike; the known call carries id 1 and so does its answer. */
  ports: readonly number[];
  /** A port that reads every message and answers with its own id: slower, but for callers that choose their ids. */
  messagePort: number;
}

/** Starts the upstream; without nginx the MCP server alone serves, and that is said. */
export async function startStaticUpstream(lab: Lab): Promise<StaticUpstream> {
  const server = await startMessageUpstream(lab, [0, 0]);
  const [messagePort = 0] = server.ports;
  const nginx = findToolOrSay('nginx', 'the upstream is a node:http server, fast subjects measure that');
  if (nginx === undefined) return { ...server, messagePort };
  const ports = [await lab.port(), await lab.port()];
  const config = lab.file('upstream.conf', upstreamConfig(ports, messagePort));
  const child = await lab.start('load', nginxCommand(nginx, config), ports[1] ?? 0);
  const stop = async () => {
    await child.stop();
    await server.stop();
  };
  return { pid: child.pid, stop, ports, messagePort };
}

/** A request is known by its exact length: nginx does not look into bodies before it answers. */
function upstreamConfig(ports: readonly number[], messagePort: number): string {
  const answer = (modern: boolean) => JSON.stringify({ jsonrpc: '2.0', id: 1, result: lookupResult(modern) });
  return nginxConfig(
    'upstream',
    `
  map $content_length $answer {
    default '';
    ${Buffer.byteLength(MODERN_LOOKUP.body)} '${answer(true)}';
    ${Buffer.byteLength(legacyLookup().body)} '${answer(false)}';
  }
  default_type application/json;
  server {
    ${ports.map((port) => `listen 127.0.0.1:${port};`).join(' ')}
    location / {
      if ($answer) { return 200 $answer; }
      proxy_pass http://127.0.0.1:${messagePort};
    }
  }`,
  );
}
