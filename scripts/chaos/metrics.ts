// Reads the gateway's own metrics: which endpoints are in rotation, and since when.
import { setTimeout as pause } from 'node:timers/promises';
import type { Running } from './subjects.ts';

const POLL_MS = 50;

/** Whether the gateway gives the endpoint on this port new calls. */
export async function inRotation({ adminPort }: Running, port: number): Promise<boolean> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  return new RegExp(`^mcp_gateway_endpoint_up\\{[^}]*:${port}/mcp"[^}]*\\} 1$`, 'm').test(text);
}

/** Waits until the endpoint is in or out of rotation; returns the instant in ms, or undefined after `withinMs`. */
export async function whenInRotation(
  running: Running,
  port: number,
  wanted: boolean,
  withinMs: number,
): Promise<number | undefined> {
  const lastMoment = performance.now() + withinMs;
  while (performance.now() < lastMoment) {
    if ((await inRotation(running, port)) === wanted) return performance.now();
    await pause(POLL_MS);
  }
  return undefined;
}
