// Peers: who is at the other end of a connection, and what the upstream is told of it.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Inbound } from '../mcp/inbound.ts';

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

interface Known {
  readonly peer: string;
  readonly trusted: boolean;
  readonly host: string | undefined;
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
    let known = this.#known.get(socket);
    if (known === undefined || known.host !== inbound.host) {
      const peer = address(socket.remoteAddress ?? '') ?? UNKNOWN;
      const forwarded = forwardingHeaders(peer, peer, this.#proto, inbound.host);
      known = { peer, trusted: this.#isTrusted(peer), host: inbound.host, forwarded };
      this.#known.set(socket, known);
    }
    inbound.proto = this.#proto;
    if (known.trusted) return this.#readForwarded(known.peer, inbound);
    inbound.client = known.peer;
    inbound.forwarded = known.forwarded;
  }

  #readForwarded(peer: string, inbound: Inbound): void {
    const chain = [peer];
    const parts = (inbound.xForwardedFor ?? '').split(',');
    // From the nearest outwards, for as long as one of ours says so: whatever stands left of the first address that is
    // no proxy of ours, or of a text that is no address, the client could have made up.
    while (this.#isTrusted(chain[0] as string)) {
      const before = address(parts.pop() ?? '');
      if (before === undefined) break;
      chain.unshift(before);
    }
    inbound.client = chain[0] as string;
    if (inbound.xForwardedProto === 'https' || inbound.xForwardedProto === 'http') {
      inbound.proto = inbound.xForwardedProto;
    }
    const host = inbound.xForwardedHost ?? inbound.host;
    inbound.forwarded = forwardingHeaders(inbound.client, chain.join(', '), inbound.proto, host);
  }

  #isTrusted(peer: string): boolean {
    if (isIP(peer) === 0) return false;
    const parsed = ipaddr.parse(peer);
    return this.#trusted.some((network) => parsed.kind() === network[0].kind() && parsed.match(network));
  }
}

/** What RFC 7239 §6.2 calls a node whose address is not known. */
const UNKNOWN = 'unknown';

/** An address in the form `[2001:db8::1]:443`, `192.0.2.1:443` or `[2001:db8::1]`: some proxies write ports. */
const withPort = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/;

/** An address in its one spelling, IPv4 also where it appears on an IPv6 socket; undefined for any other text. */
function address(text: string): string | undefined {
  const trimmed = text.trim();
  if (isIP(trimmed) === 4) return trimmed;
  const [, v6, v4] = withPort.exec(trimmed) ?? [];
  const bare = v6 ?? v4 ?? trimmed;
  return isIP(bare) === 0 ? undefined : ipaddr.process(bare).toString();
}

const hostText = /^[A-Za-z0-9._:[\]-]{1,255}$/;

function forwardingHeaders(client: string, chain: string, proto: string, host: string | undefined): string[] {
  const node = client.includes(':') ? `"[${client}]"` : client;
  const headers = ['x-forwarded-for', chain, 'x-real-ip', client, 'x-forwarded-proto', proto];
  if (host === undefined || !hostText.test(host))
    return [...headers, 'forwarded', `for=${node};proto=${proto}`];
  return [...headers, 'x-forwarded-host', host, 'forwarded', `for=${node};host="${host}";proto=${proto}`];
}
