// Peers: who is at the other end of a connection, and what the upstream is told of it.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Inbound } from '../mcp/inbound.ts';

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

interface Known {
  readonly host: string | undefined;
  readonly client: string;
  readonly forwarded: readonly string[];
}

/**
 * Reads the client's address and makes the forwarding headers (RFC 7239 and its older kin). `X-Forwarded-*` is believed
 * only from `trustedProxies`; what any other client writes there does not cross.
 */
export class PeerReader {
  readonly #trusted: readonly Network[];
  readonly #proto: 'http' | 'https';
  /** Once per connection rather than per request: a connection's peer does not change. */
  readonly #known = new WeakMap<Socket, Known>();

  /** `trustedProxies`: CIDRs. */
  constructor(trustedProxies: readonly string[], proto: 'http' | 'https') {
    this.#trusted = trustedProxies.map((cidr) => ipaddr.parseCIDR(cidr));
    this.#proto = proto;
  }

  /** Sets `client`, `proto` and `forwarded`. */
  read(req: IncomingMessage, inbound: Inbound): void {
    const { socket } = req;
    const peer = plainAddress(socket.remoteAddress ?? '');
    inbound.proto = this.#proto;
    if (this.#trusted.length > 0 && this.#isTrusted(peer)) return this.#readForwarded(peer, inbound);
    let known = this.#known.get(socket);
    if (known === undefined || known.host !== inbound.host) {
      const forwarded = forwardingHeaders(peer, peer, this.#proto, inbound.host);
      known = { host: inbound.host, client: peer, forwarded };
      this.#known.set(socket, known);
    }
    inbound.client = known.client;
    inbound.forwarded = known.forwarded;
  }

  #readForwarded(peer: string, inbound: Inbound): void {
    const chain = (inbound.xForwardedFor ?? '')
      .split(',')
      .map((part) => plainAddress(part.trim()))
      .filter((part) => ipaddr.isValid(part));
    chain.push(peer);
    // The nearest address that is no proxy of ours: whatever stands left of it the client could have made up.
    inbound.client = chain.findLast((address) => !this.#isTrusted(address)) ?? (chain[0] as string);
    if (inbound.xForwardedProto === 'https' || inbound.xForwardedProto === 'http') {
      inbound.proto = inbound.xForwardedProto;
    }
    const host = inbound.xForwardedHost ?? inbound.host;
    inbound.forwarded = forwardingHeaders(inbound.client, chain.join(', '), inbound.proto, host);
  }

  #isTrusted(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return this.#trusted.some(([network, bits]) => {
      return parsed.kind() === network.kind() && parsed.match(network as never, bits);
    });
  }
}

/** Without the prefix under which IPv4 appears on an IPv6 socket. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

const hostText = /^[A-Za-z0-9._:[\]-]{1,255}$/;

function forwardingHeaders(client: string, chain: string, proto: string, host: string | undefined): string[] {
  const node = client.includes(':') ? `"[${client}]"` : client;
  const headers = ['x-forwarded-for', chain, 'x-real-ip', client, 'x-forwarded-proto', proto];
  if (host === undefined || !hostText.test(host))
    return [...headers, 'forwarded', `for=${node};proto=${proto}`];
  return [...headers, 'x-forwarded-host', host, 'forwarded', `for=${node};host="${host}";proto=${proto}`];
}
