// What the shows run on: an upstream in this process, gateways as processes of their own, and a Redis if they share one.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Child } from '../bench/lab.ts';
import { Lab } from '../bench/lab.ts';
import { choosePlacement } from '../bench/placement.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'gateway', 'main.ts');

/** Answers a tool call with the text of its result. */
export type Tool = (name: string, args: Record<string, unknown>) => string | Promise<string>;

/** An MCP server of both eras whose every tool call is answered by `tool`. */
export class ToolUpstream {
  calls = 0;
  readonly #server;

  constructor(tool: Tool) {
    this.#server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        if (req.method !== 'POST') return res.writeHead(405).end();
        const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
          id?: unknown;
          method: string;
          params?: { name: string; arguments?: Record<string, unknown> };
        };
        const answer = (result: object) => {
          res.writeHead(200, {
            'content-type': 'application/json',
            ...(method === 'initialize' && { 'mcp-session-id': crypto.randomUUID() }),
          });
          res.end(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } }));
        };
        if (method === 'tools/call' && params !== undefined) {
          this.calls++;
          const text = tool(params.name, params.arguments ?? {});
          void Promise.resolve(text).then((said) => answer({ content: [{ type: 'text', text: said }] }));
        } else if (id === undefined) res.writeHead(202).end();
        else
          answer({
            protocolVersion: '2025-11-25',
            supportedVersions: ['2026-07-28'],
            capabilities: { tools: {} },
            serverInfo: { name: 'show', version: '1' },
            tools: [],
          });
        return undefined;
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

export interface RunningGateway extends Child {
  readonly url: string;
  readonly adminUrl: string;
}

/** The processes of one show; `close` ends them all. */
export class Fleet {
  readonly lab = new Lab(choosePlacement('none'));

  /** Starts a Redis without disk; `options` as on its command line. */
  async redis(port: number, ...options: string[]): Promise<Child & { kill(): Promise<void> }> {
    const command = [
      'redis-server',
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
    ];
    const child = await this.lab.start('load', [...command, ...options], port);
    const kill = () => {
      process.kill(child.pid, 'SIGKILL');
      return child.stop();
    };
    return { ...child, kill };
  }

  /** Starts a gateway with one pool on `upstream`. */
  async gateway(upstream: string, pool: object, more: object = {}): Promise<RunningGateway> {
    const port = await this.lab.port();
    const adminPort = await this.lab.port();
    const config = {
      version: 1,
      listen: { port },
      admin: { port: adminPort },
      log: { level: 'error' },
      pools: [{ name: 'show', endpoints: [{ url: upstream }], connections: 200, ...pool }],
      ...more,
    };
    const file = this.lab.file(`gateway-${port}.yaml`, JSON.stringify(config));
    const child = await this.lab.start('proxy', [process.execPath, MAIN, 'serve', '-c', file], port);
    return { ...child, url: `http://127.0.0.1:${port}/mcp`, adminUrl: `http://127.0.0.1:${adminPort}` };
  }

  close(): Promise<void> {
    return this.lab.close();
  }
}

/** The sum of a metric's series whose labels hold all of `having`. */
export async function metric(adminUrl: string, name: string, having = ''): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(name) && line.includes(having))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
