// What the chaos suite breaks things behind: the gateway as a user starts it, and HAProxy and nginx as their manuals have them.
import type { Lab } from '../bench/lab.ts';
import { nginxCommand, nginxConfig } from '../bench/nginx-config.ts';
import { startGateway } from '../bench/subjects/gateway.ts';
import { findToolOrSay } from '../bench/tools.ts';
import type { Settings } from './chaos-case.ts';

/** What a subject stands in front of, and how long it waits for a call. */
export interface Plan {
  readonly ports: readonly number[];
  readonly timeoutMs: number;
  /** Keys of the gateway's pool besides the plan's own. */
  readonly pool?: object;
}

/** A running proxy; `adminPort` is the gateway's. */
export interface Running {
  readonly port: number;
  readonly adminPort: number | undefined;
  stop(): Promise<void>;
}

export interface Subject {
  readonly name: string;
  /** Undefined when this machine cannot run it, which has then been said. */
  start(lab: Lab, plan: Plan): Promise<Running | undefined>;
}

/** `gateway`: health, ejection and retries as they are by default; the tool that reads is called safe. */
export const gateway: Subject = {
  name: 'gateway',
  async start(lab, { ports, timeoutMs, pool }) {
    let adminPort = 0;
    const running = await startGateway(lab, (port, admin) => {
      adminPort = admin;
      return gatewayConfig(port, admin, ports, timeoutMs, pool);
    });
    return running && { port: running.port, adminPort, stop: running.stop };
  },
};

function gatewayConfig(
  port: number,
  adminPort: number,
  ports: readonly number[],
  timeoutMs: number,
  pool: object | undefined,
): object {
  return {
    version: 1,
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: adminPort },
    limits: { concurrency: 10_000, queue: { size: 10_000, timeout: '30s' } },
    pools: [
      {
        name: 'rig',
        endpoints: ports.map((upstream) => ({ url: `http://127.0.0.1:${upstream}/mcp` })),
        connections: 512,
        timeout: `${timeoutMs}ms`,
        tools: [{ match: 'read_*', retry: 'safe' }],
        ...pool,
      },
    ],
    routes: [{ path: '/mcp', pools: ['rig'], prefix: 'never' }],
  };
}

/** `haproxy`: leastconn with TCP checks, as its manual has it; it repeats what could not be sent. */
const haproxy: Subject = {
  name: 'haproxy',
  async start(lab, { ports, timeoutMs }) {
    const program = findToolOrSay('haproxy', 'subject haproxy is skipped');
    if (program === undefined) return undefined;
    const port = await lab.port();
    const config = `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 2s
  timeout client 1h
  timeout server ${timeoutMs}ms
  retries 3
  option redispatch
  http-reuse always
frontend chaos
  bind 127.0.0.1:${port} backlog 4096
  default_backend pool
backend pool
  balance leastconn
${ports.map((upstream) => `  server s${upstream} 127.0.0.1:${upstream} check inter 2s fall 3 rise 2 pool-max-conn 512`).join('\n')}
`;
    const path = lab.file(`haproxy-${port}.cfg`, config);
    const child = await lab.start('proxy', [program, '-db', '-q', '-f', path], port);
    return { port, adminPort: undefined, stop: child.stop };
  },
};

/** `nginx`: least_conn with its passive checks at their defaults; it does not repeat a POST once sent. */
const nginx: Subject = {
  name: 'nginx',
  async start(lab, { ports, timeoutMs }) {
    const program = findToolOrSay('nginx', 'subject nginx is skipped');
    if (program === undefined) return undefined;
    const port = await lab.port();
    const servers = ports.map((upstream) => `server 127.0.0.1:${upstream};`).join(' ');
    const name = `nginx-${port}`;
    const config = nginxConfig(
      name,
      `
  upstream pool { least_conn; ${servers} keepalive 512; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://pool;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_connect_timeout 2s;
      proxy_read_timeout ${timeoutMs}ms;
    }
  }`,
    );
    const path = lab.file(`${name}.conf`, config);
    const child = await lab.start('proxy', nginxCommand(program, path), port);
    return { port, adminPort: undefined, stop: child.stop };
  },
};

/** The subjects that are asked for; all of them when nothing is. */
export function chosenSubjects(settings: Settings): Subject[] {
  return [gateway, haproxy, nginx].filter(({ name }) => settings.subjects?.includes(name) ?? true);
}
