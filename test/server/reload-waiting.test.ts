// Reloads and what waits: slots that are counted, and calls in queues, go by the new limits from the reload on.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { rawCall } from '../support/clients.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { modernRequest } from '../support/message.ts';

/** One pool with these settings; each round is another configuration. */
class Rig {
  readonly upstream: GatedUpstream;
  readonly gateway: TestGateway;
  #round = 0;

  private constructor(upstream: GatedUpstream, gateway: TestGateway) {
    this.upstream = upstream;
    this.gateway = gateway;
  }

  static async start(settings: string): Promise<Rig> {
    const upstream = await GatedUpstream.start();
    onTestFinished(() => upstream.close());
    const gateway = await startGateway(fileOf(upstream, settings, 0));
    onTestFinished(() => gateway.stop(2000));
    return new Rig(upstream, gateway);
  }

  async reload(settings: string): Promise<void> {
    this.#round++;
    this.gateway.rewrite(fileOf(this.upstream, settings, this.#round));
    expect(await this.gateway.reload('signal')).toMatchObject({ ok: true });
  }

  async call(): Promise<number> {
    const { body, headers } = modernRequest('tools/call', { name: 'echo', arguments: {} });
    return (await rawCall(this.gateway.at(), body, headers)).status;
  }

  /** Resolves once so many calls have come to the gateway and none of them has been answered. */
  async under(calls: number): Promise<void> {
    const within = { timeout: 5000, interval: 5 };
    await vi.waitFor(
      async () => expect(await this.gateway.metric('mcp_gateway_in_flight')).toBe(calls),
      within,
    );
  }

  /** Answers what is held, and all that comes. */
  answer(): void {
    this.upstream.onCall = (one) => one.text('done');
    this.upstream.releaseAll();
  }
}

function fileOf({ url }: GatedUpstream, settings: string, round: number): string {
  return `limits: { queue: { timeout: 2s } }
pools: [{ name: p, endpoints: [{ url: '${url}' }], health: { interval: ${100 + round}s }, ${settings} }]\n`;
}

describe.each([
  ['max_in_flight', (limit: number) => `max_in_flight: ${limit}`],
  ["a tool's concurrency", (limit: number) => `tools: [{ match: '*', concurrency: ${limit} }]`],
])('over a reload %s', (_what, settings) => {
  it('counts the calls from before, and lets in who waits when they end', async () => {
    const rig = await Rig.start(settings(1));
    const calls = [rig.call()];
    await rig.upstream.whenHeld(1);
    calls.push(rig.call());
    await rig.under(2);
    await rig.reload(settings(1));
    calls.push(rig.call(), rig.call(), rig.call());
    await rig.under(5);
    for (const _ of calls) {
      await rig.upstream.whenHeld(1);
      rig.upstream.held.shift()?.text('done');
    }
    expect(await Promise.all(calls)).toEqual([200, 200, 200, 200, 200]);
    expect(rig.upstream.mostInFlight).toBe(1);
  });

  it('that is raised lets in at once who waits, and that is lowered holds back who comes', async () => {
    const rig = await Rig.start(settings(1));
    const calls = [rig.call()];
    await rig.upstream.whenHeld(1);
    calls.push(rig.call());
    await rig.under(2);
    await rig.reload(settings(3));
    await rig.upstream.whenHeld(2);
    await rig.reload(settings(2));
    calls.push(rig.call());
    await rig.under(3);
    expect(rig.upstream.held).toHaveLength(2);
    rig.answer();
    expect(await Promise.all(calls)).toEqual([200, 200, 200]);
  });

  it('that has gone lets in all who wait', async () => {
    const rig = await Rig.start(settings(1));
    const calls = [rig.call(), rig.call(), rig.call()];
    await rig.under(3);
    await rig.reload('max_in_flight: 0');
    await rig.upstream.whenHeld(3);
    rig.answer();
    expect(await Promise.all(calls)).toEqual([200, 200, 200]);
  });

  it('loses no call while reloads follow each other', async () => {
    const rig = await Rig.start(settings(2));
    rig.upstream.onCall = (one) => setImmediate(() => one.text('done'));
    const statuses: number[] = [];
    let calling = true;
    const client = async () => {
      while (calling) statuses.push(await rig.call());
    };
    const clients = Array.from({ length: 10 }, client);
    for (let round = 0; round < 30; round++) {
      const soon = statuses.length + 10;
      await rig.reload(settings(2));
      await vi.waitFor(() => expect(statuses.length).toBeGreaterThan(soon), { timeout: 5000, interval: 1 });
    }
    calling = false;
    await Promise.all(clients);
    expect([...new Set(statuses)]).toEqual([200]);
    expect(rig.upstream.mostInFlight).toBeLessThanOrEqual(2);
  });
});
