// A gateway before two upstreams, the first of which is asked first by whatever may go anywhere.
import { onTestFinished } from 'vitest';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { modernRequest } from '../support/message.ts';

/** What a caller sees of an answer that is JSON or the last event of a stream. */
export interface Seen {
  readonly status: number;
  readonly id: unknown;
  readonly reason: string | undefined;
  /** Name of the upstream whose result it is. */
  readonly from: string | undefined;
  readonly headers: Record<string, unknown>;
  /** False when the answer broke off. */
  readonly complete: boolean;
}

export interface TwoUpstreams {
  readonly first: FaultUpstream;
  readonly second: FaultUpstream;
  readonly gateway: TestGateway;
  /** Calls a tool with a nonce: `read_*` is called safe by the operator, anything else is not. */
  call(tool: string, nonce?: string): Promise<Seen>;
}

/** Starts all three; `pool` adds to the pool's settings, `endpoints` names others. Without it checks disturb nothing and nobody is ejected. */
export async function twoUpstreams(
  pool: Record<string, unknown> = {},
  endpoints?: (second: string, first: string) => { url: string; weight?: number }[],
): Promise<TwoUpstreams> {
  const [first, second] = [
    await startFaults({ name: 'first', dripMs: 100 }),
    await startFaults({ name: 'second', dripMs: 100 }),
  ];
  // Weighted round robin begins with the heaviest.
  const heavyFirst = [{ url: first.url, weight: 1000 }, { url: second.url }];
  const named = endpoints?.(second.url, first.url) ?? heavyFirst;
  const gateway = await startGateway({
    pools: [
      {
        name: 'two',
        endpoints: named,
        balance: 'round_robin',
        health: { interval: '1h' },
        outlier: { max_ejected_percent: 0 },
        tools: [{ match: 'read_*', retry: 'safe' }],
        retry: { budget_percent: 100 },
        ...pool,
      },
    ],
  });
  onTestFinished(async () => {
    await gateway.stop();
    await Promise.all([first.close(), second.close()]);
  });
  const call = async (tool: string, nonce: string = crypto.randomUUID()) => {
    const { body, headers } = modernRequest('tools/call', { name: tool, arguments: { nonce } }, 7);
    const answer = await rawCall(gateway.url, body, headers);
    const data = answer.events.at(-1)?.data;
    const message = (data === undefined ? answer.json : JSON.parse(data)) as Message | undefined;
    const text = message?.result?.content?.[0]?.text;
    return {
      status: answer.status,
      id: message?.id,
      reason: message?.error?.data?.reason,
      from: text?.startsWith('{') ? (JSON.parse(text) as { upstream: string }).upstream : undefined,
      headers: answer.headers,
      complete: answer.complete,
    };
  };
  await ready(
    gateway,
    [first, second].filter((upstream) => named.some(({ url }) => url === upstream.url)),
  );
  return { first, second, gateway, call };
}

interface Message {
  id?: unknown;
  result?: { content?: { text?: string }[] };
  error?: { data?: { reason?: string } };
}

/** Waits until the gateway is ready and has asked the upstreams how they are: what a test changes is met by later checks. */
async function ready({ adminUrl }: TestGateway, upstreams: readonly FaultUpstream[]): Promise<void> {
  const asked = () => upstreams.every(({ received }) => received.length > 0);
  const signal = AbortSignal.timeout(5000);
  while ((await fetch(`${adminUrl}/readyz`, { signal })).status !== 200 || !asked());
}
