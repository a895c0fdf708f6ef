// A gateway with a cache in front of an upstream that counts its calls, and callers of it.
import { rawCall } from '../support/clients.ts';
import type { OnCall } from '../support/gated-upstream.ts';
import { GatedUpstream } from '../support/gated-upstream.ts';
import type { TestGateway } from '../support/gateway.ts';
import { startGateway } from '../support/gateway.ts';
import { initializeRequest, legacyRequest, modernRequest } from '../support/message.ts';

export const ALICE = 'alice-key-0123456789abcdef';
export const BOB = 'bob-key-0123456789abcdefgh';

/** An answer as its caller sees it. */
export interface Answer {
  readonly status: number;
  readonly id: unknown;
  readonly result: Record<string, unknown> | undefined;
  readonly error: Record<string, unknown> | undefined;
  /** The text of the first content. */
  readonly said: string | undefined;
  /** `_meta["mcp-gateway/cache"].status`. */
  readonly cached: string | undefined;
  /** The Cache-Status field. */
  readonly cacheStatus: string | undefined;
}

export interface CallOptions {
  readonly key?: string;
  readonly id?: number | string;
  readonly meta?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  /** Hangs up. */
  readonly signal?: AbortSignal;
}

/** The running parts; `close` stops them and proves that nothing is left over. */
export class CacheRig {
  readonly upstream: GatedUpstream;
  readonly gateways: readonly TestGateway[];
  readonly #sessions = new Map<string, string>();

  private constructor(upstream: GatedUpstream, gateways: readonly TestGateway[]) {
    this.upstream = upstream;
    this.gateways = gateways;
  }

  /** Starts `count` gateways with this pool; `more` goes into the configuration beside it. */
  static async start(
    pool: Record<string, unknown>,
    onCall: OnCall,
    { count = 1, ...more }: { count?: number } & Record<string, unknown> = {},
  ): Promise<CacheRig> {
    const upstream = await GatedUpstream.start(onCall);
    const config = {
      pools: [{ name: 'p', endpoints: [{ url: upstream.url }], ...pool }],
      clients: [
        { id: 'alice', api_key: ALICE },
        { id: 'bob', api_key: BOB },
      ],
      ...more,
    };
    const gateways: TestGateway[] = [];
    for (let i = 0; i < count; i++) gateways.push(await startGateway(config));
    return new CacheRig(upstream, gateways);
  }

  get calls(): number {
    return this.upstream.messages.filter(({ method }) => method === 'tools/call').length;
  }

  /** Calls a tool in the stateless era. */
  modern(name: string, args: unknown, options: CallOptions = {}, gateway = 0): Promise<Answer> {
    return this.ask('tools/call', { name, arguments: args }, options, gateway);
  }

  /** Asks anything in the stateless era. */
  ask(
    method: string,
    params: Record<string, unknown>,
    { key = ALICE, id = 1, meta, headers, signal }: CallOptions = {},
    gateway = 0,
  ): Promise<Answer> {
    const request = modernRequest(method, meta === undefined ? params : { ...params, _meta: meta }, id);
    return this.send(request.body, { ...request.headers, 'x-api-key': key, ...headers }, gateway, signal);
  }

  /** Calls a tool in a session of the sessionful era, which is opened when it is first needed. */
  async legacy(name: string, args: unknown, options: CallOptions = {}, gateway = 0): Promise<Answer> {
    return this.askLegacy('tools/call', { name, arguments: args }, options, gateway);
  }

  async askLegacy(
    method: string,
    params: Record<string, unknown>,
    { key = ALICE, id = 1, headers }: CallOptions = {},
    gateway = 0,
  ): Promise<Answer> {
    const session = await this.session(key, gateway);
    const request = legacyRequest(method, params, id, session);
    return this.send(request.body, { ...request.headers, 'x-api-key': key, ...headers }, gateway);
  }

  /** The session of a key; `anew` opens another one. */
  async session(key: string, gateway = 0, anew = false): Promise<string> {
    const known = this.#sessions.get(`${key} ${gateway}`);
    if (known !== undefined && !anew) return known;
    const { body } = initializeRequest();
    const answer = await rawCall(this.#url(gateway), body, { 'x-api-key': key });
    const session = String(answer.headers['mcp-session-id']);
    this.#sessions.set(`${key} ${gateway}`, session);
    return session;
  }

  /** Sends a body as it is. */
  async send(
    body: unknown,
    headers: Record<string, string>,
    gateway = 0,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const answer = await rawCall(this.#url(gateway), body, headers, signal === undefined ? {} : { signal });
    const message = (answer.events.at(-1)?.message ?? answer.json ?? {}) as {
      id?: unknown;
      result?: Record<string, unknown>;
      error?: Record<string, unknown>;
    };
    const content = message.result?.['content'] as { text?: string }[] | undefined;
    const meta = message.result?.['_meta'] as Record<string, { status?: string }> | undefined;
    return {
      status: answer.status,
      id: message.id,
      result: message.result,
      error: message.error,
      said: content?.[0]?.text,
      cached: meta?.['mcp-gateway/cache']?.status,
      cacheStatus: answer.headers['cache-status'] as string | undefined,
    };
  }

  /** Waits until all gateways together have this many requests in flight. */
  async inFlight(count: number): Promise<void> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      let all = 0;
      for (const gateway of this.gateways) {
        for (const [name, value] of await gateway.metrics()) {
          if (name.startsWith('mcp_gateway_in_flight')) all += value;
        }
      }
      if (all === count) return;
      if (performance.now() > deadline) throw new Error(`${all} in flight, not ${count}`);
    }
  }

  /** `listens`: lists were kept, so the gateways listen for their changes. */
  async close(listens = false): Promise<void> {
    try {
      for (const gateway of this.gateways) await gateway.stop({ listens });
    } finally {
      await this.upstream.close();
    }
  }

  #url(gateway: number): string {
    return (this.gateways[gateway] as TestGateway).url;
  }
}
