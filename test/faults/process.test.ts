// Faults of the gateway's own process: signals, broken files, exceptions, a full heap, a stopped clock, a blocked reader.
import { rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RawAnswer } from '../support/clients.ts';
import { rawCall } from '../support/clients.ts';
import { openEventStream } from '../support/event-stream.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { initializeRequest, modernRequest } from '../support/message.ts';

// Programs that are started take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let up: FaultUpstream;
let gw: GatewayProcess | undefined;

beforeEach(async () => {
  up = await startFaults({ sessions: true });
});

afterEach(async () => {
  await gw?.dispose();
  gw = undefined;
  await up.close();
});

const pools = () => `pools: [{ name: a, endpoints: [{ url: "${up.url}" }] }]\n`;

async function start(
  yaml: string,
  options?: Parameters<typeof startGatewayProcess>[1],
): Promise<GatewayProcess> {
  gw = await startGatewayProcess(yaml, options);
  return gw;
}

function call(url: string, tool = 'ok', args: Record<string, unknown> = {}) {
  const { body, headers } = modernRequest('tools/call', { name: tool, arguments: args });
  return rawCall(`${url}/mcp`, body, headers);
}

async function metric(gateway: GatewayProcess, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1]);
}

/** Callers in a closed loop on connections of their own; `stop` gives the statuses of calls begun before it. */
function load(url: string, clients: number) {
  const statuses: (number | string)[] = [];
  let running = true;
  const client = async () => {
    while (running) {
      const status = await call(url, 'slow', { ms: 20 }).then(
        (answer) => (answer.complete ? answer.status : 'cut'),
        (error: unknown) => String(error),
      );
      statuses.push(status);
    }
  };
  const loops = Array.from({ length: clients }, client);
  return {
    statuses,
    async stop() {
      running = false;
      await Promise.all(loops);
      return new Set(statuses);
    },
  };
}

describe('SIGTERM', () => {
  it('loses no call that was begun before, ends streams in good order and exits with 0', async () => {
    // Each call connects anew; the delay is what the balancer in front is given to see `/readyz`.
    const gateway = await start(`drain: { delay: 3s }\n${pools()}`);
    up.on('GET', 'quiet-sse');
    const hello = initializeRequest();
    const { headers } = await rawCall(`${gateway.url}/mcp`, hello.body, hello.headers);
    const stream = await openEventStream(`${gateway.url}/mcp`, undefined, {
      'mcp-session-id': String(headers['mcp-session-id']),
    });
    const calls = load(gateway.url, 20);
    await vi.waitFor(() => expect(calls.statuses.length).toBeGreaterThan(40), { timeout: 5000 });
    gateway.child.kill('SIGTERM');
    await gateway.logged('draining');
    const ready = await fetch(`${gateway.adminUrl}/readyz`);
    // As a load balancer does that has seen it.
    expect([ready.status, await calls.stop()]).toEqual([503, new Set([200])]);
    expect(await stream.next()).toMatchObject({ retry: '1000' });
    expect(await stream.next()).toBeUndefined();
    expect(await gateway.exited).toBe(0);
    expect(gateway.records.at(-1)).toMatchObject({ event: 'stopped' });
  });

  it('sent twice ends the process at once', async () => {
    const gateway = await start(pools());
    const arrived = up.nextCall();
    const hanging = call(gateway.url, 'hang').catch(() => undefined);
    await arrived;
    gateway.child.kill('SIGTERM');
    await gateway.logged('draining');
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(1);
    await hanging;
  });
});

describe('SIGHUP and changes of the file', () => {
  it('in a storm lose no call', async () => {
    const other = await startFaults({ sessions: true });
    const gateway = await start(pools());
    const calls = load(gateway.url, 10);
    const both = pools().replace('] }]', `, { url: "${other.url}" }] }]`);
    for (let round = 0; round < 20; round++) {
      gateway.rewrite(`limits: { timeout: ${20 + round}s }\n${round % 2 === 0 ? both : pools()}`);
      gateway.child.kill('SIGHUP');
      const soon = calls.statuses.length + 5;
      await vi.waitFor(() => expect(calls.statuses.length).toBeGreaterThan(soon), { timeout: 5000 });
    }
    expect(await calls.stop()).toEqual(new Set([200]));
    expect(gateway.records.filter(({ event }) => event === 'reload').length).toBeGreaterThan(10);
    await other.close();
  });

  it('that leave it broken, half written or gone change nothing, and are made good by a sound one', async () => {
    const gateway = await start(pools());
    const limit = { timeout: 10_000, interval: 50 };
    const last = 'mcp_gateway_config_last_reload_successful';
    const whole = pools();
    for (const spoil of [
      () => gateway.rewrite('pools: [oops\n'),
      () => writeFileSync(gateway.file, whole.slice(0, whole.length / 2)),
      () => rmSync(gateway.file),
    ]) {
      spoil();
      gateway.child.kill('SIGHUP');
      await vi.waitFor(async () => expect(await metric(gateway, last)).toBe(0), limit);
      expect((await call(gateway.url)).status).toBe(200);
      gateway.rewrite(whole);
      // Nobody says so: the file is seen to have changed.
      await vi.waitFor(async () => expect(await metric(gateway, last)).toBe(1), limit);
    }
    const failures = gateway.records.filter(({ event }) => event === 'reload_failed');
    expect(
      failures.map(({ message }) => String(message)).every((text) => text.startsWith(gateway.file)),
    ).toBe(true);
  });
});

describe('an exception that nobody caught', () => {
  const faults = {
    thrown: 'throw new Error("planted")',
    'a rejection': 'Promise.reject(new Error("planted"))',
  };

  it.each(Object.entries(faults))(
    '%s: what is in flight finishes, the log says why, the exit code is 1',
    async (_name, code) => {
      const plant = `data:text/javascript,process.on('SIGUSR2',()=>{${code}})`;
      const gateway = await start(pools(), { node: [`--import=${plant}`] });
      const arrived = up.nextCall();
      const slow = call(gateway.url, 'slow', { ms: 500 });
      await arrived;
      gateway.child.kill('SIGUSR2');
      expect((await slow).status).toBe(200);
      expect(await gateway.exited).toBe(1);
      expect(gateway.records).toContainEqual(
        expect.objectContaining({ event: 'crashed', message: 'planted' }),
      );
    },
  );
});

describe('a request, whatever it holds', () => {
  it('causes no exception that reaches the process', async () => {
    const gateway = await start(pools());
    for (const fault of ['reset-before', 'reset-mid-body', 'garbage', 'redirect', 'hang-mid-body']) {
      const cut = rawCall(`${gateway.url}/mcp`, ...callOf(fault), { signal: AbortSignal.timeout(300) });
      await cut.catch(() => undefined);
    }
    expect((await call(gateway.url)).status).toBe(200);
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    expect(gateway.records.filter(({ event }) => event === 'crashed' || event === 'internal_error')).toEqual(
      [],
    );
  });

  function callOf(fault: string): [unknown, Record<string, string>] {
    const { body, headers } = modernRequest('tools/call', { name: fault, arguments: {} });
    return [body, headers];
  }
});

describe('a process that is short of something', () => {
  it('of heap: refuses with a time to come back, and does not die', async () => {
    // What the gateway itself does not do is planted: memory fills up, and is let go at the next signal.
    const plant = `const kept = []; const { getHeapSpaceStatistics } = process.getBuiltinModule('v8');
    const old = () => getHeapSpaceStatistics().filter((space) => !space.space_name.startsWith('new_'))
      .reduce((sum, space) => sum + space.space_used_size, 0);
    process.on('SIGUSR2', () => {
      if (kept.length > 0) kept.length = 0;
      else while (old() < 113 * 2 ** 20) kept.push(new Array(10000).fill(0.5));
    })`;
    const gateway = await start(pools(), {
      node: [
        '--max-old-space-size=128',
        '--max-semi-space-size=2',
        `--import=data:text/javascript,${encodeURIComponent(plant)}`,
      ],
    });
    gateway.child.kill('SIGUSR2');
    expect(await gateway.logged('overloaded')).toMatchObject({ cause: 'heap' });
    const shed = await call(gateway.url);
    expect(shed).toMatchObject({
      status: 503,
      json: { error: { data: { reason: 'overloaded', retry_after_ms: 1000 } } },
    });
    expect(shed.headers['retry-after']).toBe('1');
    expect((await fetch(`${gateway.adminUrl}/livez`)).status).toBe(200);
    gateway.child.kill('SIGUSR2');
    await vi.waitFor(async () => expect((await call(gateway.url)).status).toBe(200), { timeout: 10_000 });
  });

  it('of time: having been stopped, it goes on as if nothing had been', async () => {
    const gateway = await start(pools());
    await call(gateway.url);
    gateway.child.kill('SIGSTOP');
    const meanwhile = Array.from({ length: 10 }, () => call(gateway.url));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    gateway.child.kill('SIGCONT');
    expect((await Promise.all(meanwhile)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(await metric(gateway, 'mcp_gateway_endpoint_up')).toBe(1);
    expect(gateway.records.filter(({ event }) => event === 'overloaded')).toEqual([]);
  });

  it('of a log reader: it serves on, and counts what nobody read', async () => {
    const gateway = await start(pools());
    gateway.child.stdout?.pause();
    const answers: RawAnswer[] = [];
    for (let i = 0; i < 10; i++) {
      answers.push(...(await Promise.all(Array.from({ length: 20 }, () => call(gateway.url)))));
    }
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await fetch(`${gateway.adminUrl}/metrics`)).status).toBe(200);
    gateway.child.stdout?.resume();
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
  });
});
