/** Rules between the fields of `listen` and `admin`. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isLoopback } from '../loopback.ts';
import type { Finding } from '../problem.ts';
import type { Parts } from './parts.ts';

/** Checks networks, the admin token and that the two listeners do not collide. */
export function checkListeners({ listen, admin }: Parts): Finding[] {
  const findings: Finding[] = [];
  for (const [index, network] of (listen?.trusted_proxies ?? []).entries()) {
    if (!ipaddr.isValidCIDR(network)) findings.push(badNetwork(index, network));
  }
  if (admin && admin.token === undefined && !isLoopback(admin.host)) {
    findings.push({
      path: ['admin', 'token'],
      near: ['admin', 'host'],
      message: `is required because admin.host ${admin.host} is not a loopback address`,
      hint: 'openssl rand -hex 32 makes a good one',
    });
  }
  if (
    listen &&
    admin &&
    listen.port !== 0 &&
    listen.port === admin.port &&
    overlap(listen.host, admin.host)
  ) {
    findings.push({
      path: ['admin', 'port'],
      message: `is the port of the public listener too: ${admin.port}`,
      near: ['listen', 'port'],
    });
  }
  return findings;
}

function badNetwork(index: number, network: string): Finding {
  const version = isIP(network);
  const hint = version === 0 ? 'for example 10.0.0.0/8' : `write ${network}/${version === 4 ? 32 : 128}`;
  return {
    path: ['listen', 'trusted_proxies', index],
    message: `must be a network in CIDR form, not "${network}"`,
    hint,
  };
}

function overlap(left: string, right: string): boolean {
  const everywhere = ['0.0.0.0', '::'];
  return left === right || everywhere.includes(left) || everywhere.includes(right);
}
