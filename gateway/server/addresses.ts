// Addresses of listeners: how a bound one is called.
import type { AddressInfo } from 'node:net';

/** The URL of a bound listener, as seen from this machine. */
export function urlOf({ address, family, port }: AddressInfo, scheme: 'http' | 'https'): string {
  const any = address === '0.0.0.0' || address === '::';
  const host = any || address === '127.0.0.1' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `${scheme}://${host}:${port}`;
}
