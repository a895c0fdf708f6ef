// Host names: what the Host and Origin headers of a request say of where it is meant to go and comes from.
import { isIP } from 'node:net';
import { isLoopback } from '../../config/loopback.ts';
import { memoized } from '../core/glob.ts';

/** The name of a Host header, without its port and in lower case; IPv6 addresses keep their brackets. */
export function bareName(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}

/**
 * Whether a bare name can mean this machine only, so that no DNS answer can have led a browser here under it: localhost
 * and loopback addresses in full. Other spellings of addresses are left out, because browsers do not send them.
 */
export const isLoopbackName = memoized((name) => {
  if (name === 'localhost') return true;
  const bracketed = name.startsWith('[') && name.endsWith(']');
  const address = bracketed ? name.slice(1, -1) : name;
  return isIP(address) === (bracketed ? 6 : 4) && isLoopback(address);
});

/** Whether an Origin header is that of a page which came from the same Host. */
export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  const own = host?.toLowerCase();
  return own !== undefined && (origin === `http://${own}` || origin === `https://${own}`);
}

/** Why a Host is refused; the key lets an operator find what lets it in. */
export const FOREIGN_HOST = 'This host name is not served here (listen.allowed_hosts)';
