// Memory for request bodies at a running gateway: bounded for each client and for all, and given back with the answer.
import { describe, expect, it, onTestFinished } from 'vitest';
import { rawCall } from '../support/clients.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';
import { RawClient, requestBytes } from '../support/raw-socket.ts';

/** Bytes of the padding: two of such requests are more than one client may have, three more than all together. */
const LARGE = 40_000;
const limits = { body_memory: '64KiB', all_body_memory: '100KiB' };

async function start(): Promise<{ upstream: GatedUpstream; gateway: TestGateway }> {
  const upstream = await GatedUpstream.start();
  const gateway = await startGateway({
    listen: { max_body: '48KiB' },
    limits,
    clients: ['a', 'b', 'c'].map((id) => ({ id, api_key: `key-${id}` })),
    pools: [{ name: 'p', endpoints: [{ url: upstream.url }] }],
  });
  onTestFinished(async () => {
    upstream.releaseAll();
    await gateway.stop();
    await upstream.close();
  });
  return { upstream, gateway };
}

function request(client: string, padding: number) {
  const args = { client, padding: 'x'.repeat(padding) };
  const { body, headers } = modernRequest('tools/call', { name: 'echo', arguments: args });
  return { body, headers: { ...headers, 'x-api-key': `key-${client}` } };
}

function call({ url }: TestGateway, client: string, padding = 0) {
  const { body, headers } = request(client, padding);
  return rawCall(url, body, headers);
}

/** A large request of which everything has been sent but its last byte, which is `finish`ed later. */
class Unfinished {
  readonly client: RawClient;
  readonly answer: Promise<number>;
  settled = false;

  constructor(client: RawClient) {
    this.client = client;
    this.answer = client.reply().then(({ status }) => {
      this.settled = true;
      return status;
    });
    this.answer.catch(() => undefined);
  }

  static async send({ url }: TestGateway, name: string): Promise<Unfinished> {
    const { body, headers } = request(name, LARGE);
    const accept = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
    const bytes = requestBytes('POST /mcp', { ...headers, ...accept }, JSON.stringify(body));
    const client = await RawClient.connect(url);
    onTestFinished(() => client.close());
    await client.write(bytes.subarray(0, -1));
    return new Unfinished(client);
  }

  async finish(): Promise<number> {
    await this.client.write('}');
    return this.answer;
  }
}

/** Sends so many; resolves once all but `kept` of them have been refused. */
async function flood(gateway: TestGateway, name: string, count: number, kept: number) {
  const all = await Promise.all(Array.from({ length: count }, () => Unfinished.send(gateway, name)));
  const refused: number[] = [];
  let left = all;
  while (left.length > kept) {
    refused.push(await Promise.race(left.map(({ answer }) => answer)));
    left = left.filter(({ settled }) => !settled);
  }
  return { refused, left };
}

describe('a client whose request bodies take all the memory that it may have', () => {
  it('gets 429 for more of them, while its small calls and other clients go on', async () => {
    const { upstream, gateway } = await start();
    const { refused, left } = await flood(gateway, 'a', 5, 1);
    expect(new Set(refused)).toEqual(new Set([429]));
    upstream.onCall = (one) => one.text('done');
    expect((await call(gateway, 'a')).status).toBe(200);
    expect((await call(gateway, 'b', LARGE)).status).toBe(200);
    expect(await Promise.all(left.map((one) => one.finish()))).toEqual([200]);
    expect(await (await Unfinished.send(gateway, 'a')).finish()).toBe(200);
  });

  it('gets it back with the answer, not when a body is whole', async () => {
    const { upstream, gateway } = await start();
    const { left } = await flood(gateway, 'a', 2, 1);
    const finished = left[0]?.finish();
    await upstream.whenHeld(1);
    expect(await (await Unfinished.send(gateway, 'a')).answer).toBe(429);
    upstream.onCall = (one) => one.text('done');
    upstream.releaseAll();
    expect(await finished).toBe(200);
    expect(await (await Unfinished.send(gateway, 'a')).finish()).toBe(200);
  });

  it('gets it back when it leaves', async () => {
    const { upstream, gateway } = await start();
    upstream.onCall = (one) => one.text('done');
    const { left } = await flood(gateway, 'a', 2, 1);
    for (const { client } of left) client.close();
    let status = 0;
    for (let tries = 0; tries < 100 && status !== 200; tries++) {
      status = await (await Unfinished.send(gateway, 'a')).finish();
    }
    expect(status).toBe(200);
  });
});

it('memory for the bodies of all clients is bounded too, and small calls go on', async () => {
  const { upstream, gateway } = await start();
  upstream.onCall = (one) => one.text('done');
  const kept = [await flood(gateway, 'a', 2, 1), await flood(gateway, 'b', 2, 1)].flatMap(({ left }) => left);
  const late = await Unfinished.send(gateway, 'c');
  expect(await late.answer).toBe(503);
  expect((await call(gateway, 'c')).status).toBe(200);
  expect(await Promise.all(kept.map((one) => one.finish()))).toEqual([200, 200]);
});
