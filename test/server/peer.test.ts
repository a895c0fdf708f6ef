// Peers: whose address is believed, and what the upstream is told.
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Inbound } from '../../gateway/mcp/inbound.ts';
import { PeerReader } from '../../gateway/server/peer.ts';

function connection(address: string | undefined): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: address });
  return new IncomingMessage(socket);
}

function read(
  reader: PeerReader,
  from: string | IncomingMessage | undefined,
  headers: Partial<Inbound> = {},
) {
  const inbound = Object.assign(new Inbound(), headers);
  reader.read(from instanceof IncomingMessage ? from : connection(from), inbound);
  const { client, proto, forwarded } = inbound;
  const names = forwarded.filter((_, i) => i % 2 === 0);
  return {
    client,
    proto,
    forwarded: Object.fromEntries(names.map((name, i) => [name, forwarded[2 * i + 1]])),
  };
}

const trusting = new PeerReader(['10.0.0.0/8', '127.0.0.1/32', 'fd00::/8'], 'http');
const wary = new PeerReader([], 'http');

describe('a client', () => {
  it.each([
    ['is its peer', wary, '192.0.2.1', undefined, '192.0.2.1'],
    ['is its peer, whatever it says of itself', wary, '192.0.2.1', '10.9.9.9', '192.0.2.1'],
    [
      'is a peer that nobody trusts, whatever it says of itself',
      trusting,
      '192.0.2.1',
      '10.9.9.9',
      '192.0.2.1',
    ],
    ['is an IPv4 peer on an IPv6 socket', wary, '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['is an IPv6 peer', wary, '2001:db8::1', undefined, '2001:db8::1'],
    ['is the proxy where that says nothing', trusting, '10.0.0.2', undefined, '10.0.0.2'],
    ['is who a trusted proxy names', trusting, '10.0.0.2', '198.51.100.7', '198.51.100.7'],
    ['is who a proxy on an IPv6 socket names', trusting, '::ffff:10.0.0.2', '198.51.100.7', '198.51.100.7'],
    ['is who a proxy by IPv6 names', trusting, 'fd00::5', '2001:db8::7', '2001:db8::7'],
    [
      'is in one spelling, however the proxy writes it',
      trusting,
      '10.0.0.2',
      '2001:DB8:0:0::7',
      '2001:db8::7',
    ],
    ['is in one spelling over both protocols', trusting, '10.0.0.2', '::FFFF:198.51.100.7', '198.51.100.7'],
    ['is in one spelling also in hexadecimal', trusting, '10.0.0.2', '::ffff:c633:6407', '198.51.100.7'],
    ['is the nearest that is no proxy', trusting, '10.0.0.2', '198.51.100.7, 10.0.0.3', '198.51.100.7'],
    [
      'is not what it put before its own address',
      trusting,
      '10.0.0.2',
      '203.0.113.9, 198.51.100.7',
      '198.51.100.7',
    ],
    [
      'is not a proxy that it put before its own address',
      trusting,
      '10.0.0.2',
      '10.0.0.9, 198.51.100.7, 10.0.0.3',
      '198.51.100.7',
    ],
    ['is the farthest proxy where all are', trusting, '10.0.0.2', '10.0.0.4, 10.0.0.3', '10.0.0.4'],
    [
      'is named with a port by some proxies',
      trusting,
      '10.0.0.2',
      '203.0.113.9, 198.51.100.7:52011',
      '198.51.100.7',
    ],
    ['is named with a port over IPv6', trusting, '10.0.0.2', '[2001:db8::7]:443', '2001:db8::7'],
    ['is the proxy where that names no address', trusting, '10.0.0.2', 'unknown', '10.0.0.2'],
    [
      'is not what stands left of a text that is no address',
      trusting,
      '10.0.0.2',
      '203.0.113.9, unknown',
      '10.0.0.2',
    ],
    ['is not what stands left of nothing', trusting, '10.0.0.2', '203.0.113.9,', '10.0.0.2'],
    ['is no number', trusting, '10.0.0.2', '16909060', '10.0.0.2'],
    ['is no shortened address', trusting, '10.0.0.2', '127.1', '10.0.0.2'],
    ['is no address with a stray bracket', trusting, '10.0.0.2', '[198.51.100.7', '10.0.0.2'],
    ['is not known once it has gone', wary, undefined, undefined, 'unknown'],
  ])('%s', (_name, reader, peer, xForwardedFor, expected) => {
    expect(read(reader, peer, { xForwardedFor }).client).toBe(expected);
  });
});

describe('the upstream', () => {
  it('is told of the client and of the host it asked for', () => {
    expect(read(wary, '192.0.2.1', { host: 'mcp.example:8080' }).forwarded).toEqual({
      'x-forwarded-for': '192.0.2.1',
      'x-real-ip': '192.0.2.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'mcp.example:8080',
      forwarded: 'for=192.0.2.1;host="mcp.example:8080";proto=http',
    });
  });

  it('is told of IPv6 clients in brackets, as RFC 7239 has it', () => {
    expect(read(wary, '2001:db8::1').forwarded).toMatchObject({
      'x-real-ip': '2001:db8::1',
      forwarded: 'for="[2001:db8::1]";proto=http',
    });
  });

  it('is told nothing that an untrusted client says of itself', () => {
    const lies = {
      xForwardedFor: '10.9.9.9',
      xForwardedProto: 'https',
      xForwardedHost: 'bank.example',
      host: 'a',
    };
    const { forwarded, proto } = read(trusting, '192.0.2.1', lies);
    expect(JSON.stringify(forwarded)).not.toMatch(/10\.9|https|bank/);
    expect(proto).toBe('http');
  });

  it('is told the chain as far as it is believed', () => {
    const told = {
      xForwardedFor: '203.0.113.9, 198.51.100.7, 10.0.0.3',
      xForwardedProto: 'https',
      xForwardedHost: 'mcp.example',
    };
    const { client, proto, forwarded } = read(trusting, '10.0.0.2', { ...told, host: 'internal' });
    expect([client, proto]).toEqual(['198.51.100.7', 'https']);
    expect(forwarded).toEqual({
      'x-forwarded-for': '198.51.100.7, 10.0.0.3, 10.0.0.2',
      'x-real-ip': '198.51.100.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'mcp.example',
      forwarded: 'for=198.51.100.7;host="mcp.example";proto=https',
    });
  });

  it.each([['a\r\nx: y'], ['a"b'], ['a;b'], ['é'], ['x'.repeat(256)], ['']])(
    'is told of no host like %j',
    (host) => {
      expect(read(wary, '192.0.2.1', { host }).forwarded).toEqual({
        'x-forwarded-for': '192.0.2.1',
        'x-real-ip': '192.0.2.1',
        'x-forwarded-proto': 'http',
        forwarded: 'for=192.0.2.1;proto=http',
      });
    },
  );

  it('is told of no protocol but the two', () => {
    expect(read(trusting, '10.0.0.2', { xForwardedProto: 'gopher' }).proto).toBe('http');
    expect(read(new PeerReader([], 'https'), '192.0.2.1').proto).toBe('https');
  });
});

describe('a connection', () => {
  it('is looked at once, but follows the host and the proxy’s word of each request', () => {
    const own = connection('192.0.2.1');
    expect(read(wary, own, { host: 'a' }).forwarded['x-forwarded-host']).toBe('a');
    expect(read(wary, own, { host: 'b' }).forwarded['x-forwarded-host']).toBe('b');
    const proxied = connection('10.0.0.2');
    expect(read(trusting, proxied, { xForwardedFor: '198.51.100.7' }).client).toBe('198.51.100.7');
    expect(read(trusting, proxied, { xForwardedFor: '198.51.100.8' }).client).toBe('198.51.100.8');
    expect(read(trusting, proxied).client).toBe('10.0.0.2');
  });
});
