// Starts the node:http MCP server that the bench's upstreams are made of.
import { join } from 'node:path';
import type { Child, Lab } from '../lab.ts';

const SERVER = join(import.meta.dirname, 'mcp-server.ts');

export interface MessageUpstream extends Child {
  ports: readonly number[];
}

/** Starts one process that listens on a port for each of `delaysMs`, the time before it answers a tools/call. */
export async function startMessageUpstream(
  lab: Lab,
  delaysMs: readonly number[],
  eventIntervalMs?: number,
): Promise<MessageUpstream> {
  const listeners: { port: number; delayMs: number }[] = [];
  for (const delayMs of delaysMs) listeners.push({ port: await lab.port(), delayMs });
  const plan = JSON.stringify({ ports: listeners, eventIntervalMs });
  const last = listeners.at(-1)?.port ?? 0;
  const child = await lab.start('load', [process.execPath, SERVER, plan], last);
  return { ...child, ports: listeners.map(({ port }) => port) };
}

/** How many tools/calls the server has been sent on one of its ports. */
export async function callsOn(port: number): Promise<number> {
  return Number(await (await fetch(`http://127.0.0.1:${port}/calls`)).text());
}
