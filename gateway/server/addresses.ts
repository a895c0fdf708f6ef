// Addresses of listeners: which are reached from this machine only, and how a bound one is called.
import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';

/** Whether a configured host is loopback, whose clients are on this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** The URL of a bound listener, as seen from this machine. */
export function urlOf({ address, family, port }: AddressInfo, scheme: 'http' | 'https'): string {
  const any = address === '0.0.0.0' || address === '::';
  const host = any || address === '127.0.0.1' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `${scheme}://${host}:${port}`;
}
