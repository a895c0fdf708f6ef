// Affinity: sessions keep their endpoint, and only their owner gets in.
import { beforeEach, describe, expect, it } from 'vitest';
import { Endpoint } from '../../gateway/core/endpoint.ts';
import type { Exchange } from '../../gateway/core/exchange.ts';
import { Failure } from '../../gateway/core/failure.ts';
import type { Refusal } from '../../gateway/core/refusal.ts';
import { refusal } from '../../gateway/core/refusal.ts';
import type { Reply } from '../../gateway/core/reply.ts';
import { modern } from '../../gateway/mcp/eras/modern.ts';
import type { AffinitySettings } from '../../gateway/sessions/affinity.ts';
import { affinity } from '../../gateway/sessions/affinity.ts';
import { EndedSessions } from '../../gateway/sessions/ended-sessions.ts';
import { LiveSessions } from '../../gateway/sessions/live-sessions.ts';
import { SealedIds } from '../../gateway/sessions/sealed-id.ts';
import { SessionPlaces } from '../../gateway/sessions/session-places.ts';
import { SessionRecords } from '../../gateway/sessions/session-records.ts';
import { caller, makeExchange, request } from '../core/make-exchange.ts';
import { makeReply } from '../core/make-reply.ts';

const endpoint = new Endpoint('e1', 'search', 'http://10.0.0.1/mcp', 1);
let now: number;
let known: Map<string, Endpoint>;
let ended: EndedSessions;
let live: LiveSessions;
let settings: AffinitySettings;
/** The upstream's ids of sessions that it was told are over. */
let dismissed: string[];
/** What reaches the handler behind the stage, and what that answers. */
let passed: Exchange[];
let answer: Partial<Reply>;

beforeEach(() => {
  now = Date.UTC(2026, 10, 23);
  known = new Map([['e1', endpoint]]);
  passed = [];
  dismissed = [];
  answer = {};
  ended = new EndedSessions(() => now);
  live = new LiveSessions(
    (session) => ended.add(session),
    () => {},
    () => now,
  );
  settings = {
    path: '/mcp',
    pool: 'search',
    pin: true,
    sessionTtlMs: 3_600_000,
    codec: new SealedIds(['0123456789abcdef0123456789abcdef'], () => now),
    ended,
    records: new SessionRecords(() => now),
    places: new SessionPlaces(),
    recovers: false,
    live,
    sessions: 3,
    endpoint: (id) => known.get(id),
    dismiss: (place) => dismissed.push(place.upstreamId),
    now: () => now,
  };
});

function run(x: Exchange, change: Partial<AffinitySettings> = {}): Promise<Reply> {
  return affinity({ ...settings, ...change })((x) => {
    passed.push(x);
    x.endpoint = x.pinned ?? endpoint;
    return Promise.resolve(makeReply(answer));
  })(x);
}

function idOf(reply: Reply): string {
  return reply.headers[reply.headers.indexOf('mcp-session-id') + 1] ?? '';
}

async function openSession(): Promise<string> {
  answer = { upstreamSession: 'upstream-1' };
  const id = idOf(await run(makeExchange(request('initialize'))));
  answer = {};
  passed = [];
  return id;
}

function call(sessionId: string | undefined, method = 'POST', binding = 'anonymous'): Exchange {
  const x = makeExchange(method === 'POST' ? request('tools/list') : undefined, { method, sessionId });
  x.principal = caller(binding);
  return x;
}

describe('an initialize', () => {
  it('gets an id of the gateway’s own, under which its session goes on', async () => {
    const id = await openSession();
    expect(id).toMatch(/^g1\./);
    const x = call(id);
    expect((await run(x)).status).toBe(200);
    expect(x.pinned).toBe(endpoint);
    expect(x.session).toMatchObject({
      endpointId: 'e1',
      upstreamId: 'upstream-1',
      openedAt: now / 1000,
      expiresAt: now / 1000 + 3600,
    });
  });

  it('gets none where the upstream opened no session', async () => {
    expect((await run(makeExchange(request('initialize')))).headers).toEqual([]);
  });

  it('gets none where the upstream refused', async () => {
    answer = { status: 400, upstreamSession: 'upstream-1' };
    expect((await run(makeExchange(request('initialize')))).headers).toEqual([]);
  });

  it('keeps the headers of the answer', async () => {
    answer = { upstreamSession: 'upstream-1', headers: ['content-type', 'application/json'] };
    expect((await run(makeExchange(request('initialize')))).headers.slice(0, 3)).toEqual([
      'content-type',
      'application/json',
      'mcp-session-id',
    ]);
  });

  it('fails where the upstream’s id is too long to be brought back, and ends what the upstream still sends', async () => {
    answer = { upstreamSession: 'x'.repeat(4000) };
    const x = makeExchange(request('initialize'));
    let cancelled: Refusal | undefined;
    x.running = {
      cancel(why) {
        cancelled = why;
      },
    };
    const reply = await run(x);
    expect([reply.status, reply.refusal?.reason, cancelled?.reason]).toEqual([
      502,
      'upstream_failed',
      'upstream_failed',
    ]);
  });
});

describe('a request', () => {
  it('without a session id passes untouched: whether that is right the upstream knows', async () => {
    const x = call(undefined);
    await run(x);
    expect([passed.length, x.session, x.pinned]).toEqual([1, undefined, undefined]);
  });

  it('gets no session id for a session that its answer names', async () => {
    answer = { upstreamSession: 'upstream-1' };
    expect((await run(call(undefined))).headers).toEqual([]);
  });

  it.each(['POST', 'GET', 'DELETE'])(
    'by %s under an unknown id is answered 404 before anything is spent on it',
    async (method) => {
      for (const id of ['', 'upstream-1', 'g1.00000000.AAAA', 'x'.repeat(16_000)]) {
        const reply = await run(call(id, method));
        expect([reply.status, reply.refusal?.reason]).toEqual([404, 'session_not_found']);
      }
      expect(passed).toEqual([]);
    },
  );

  it.each(['POST', 'GET', 'DELETE'])(
    'by %s under another’s id gets the same answer as under an unknown one',
    async (method) => {
      const id = await openSession();
      const foreign = await run(call(id, method, 'bob'));
      const unknown = await run(call('nonsense', method, 'bob'));
      expect(foreign).toEqual(unknown);
      expect(passed).toEqual([]);
      expect((await run(call(id))).status).toBe(200);
    },
  );

  it('finds no session at another path or pool', async () => {
    const id = await openSession();
    expect((await run(call(id), { path: '/search/mcp' })).status).toBe(404);
    expect((await run(call(id), { pool: 'db' })).status).toBe(404);
  });

  it('finds no session once it has expired, or its endpoint has left the configuration', async () => {
    const id = await openSession();
    known.clear();
    expect((await run(call(id))).status).toBe(404);
    known.set('e1', endpoint);
    expect((await run(call(id))).status).toBe(200);
    now += 3_600_000;
    expect((await run(call(id))).status).toBe(404);
  });

  it('goes to its endpoint also while that takes nothing new', async () => {
    const id = await openSession();
    endpoint.draining = true;
    const x = call(id);
    await run(x);
    endpoint.draining = false;
    expect(x.pinned).toBe(endpoint);
  });

  it('is not pinned where any endpoint serves any session', async () => {
    const x = call(await openSession());
    await run(x, { pin: false });
    expect([x.session?.upstreamId, x.pinned]).toEqual(['upstream-1', undefined]);
  });

  it('outlives its endpoint where any endpoint serves any session', async () => {
    const x = call(await openSession());
    known.clear();
    expect((await run(x, { pin: false })).status).toBe(200);
    expect([x.session?.upstreamId, x.pinned]).toEqual(['upstream-1', undefined]);
  });

  it('of the stateless era passes whatever session it names', async () => {
    const x = makeExchange(request('tools/list'), { sessionId: 'nonsense' }, modern);
    expect((await run(x)).status).toBe(200);
    expect(x.session).toBeUndefined();
  });
});

describe('a DELETE', () => {
  it('that the upstream took ends the session, and only that one', async () => {
    const [id, other] = [await openSession(), await openSession()];
    await run(call(id, 'DELETE'));
    expect((await run(call(id))).status).toBe(404);
    expect((await run(call(id, 'DELETE'))).status).toBe(404);
    expect((await run(call(other))).status).toBe(200);
  });

  it('that could not be delivered ends the session, and the server is told once more', async () => {
    const id = await openSession();
    answer = { status: 504, refusal: refusal('timeout') };
    expect((await run(call(id, 'DELETE'))).status).toBe(504);
    expect(dismissed).toHaveLength(1);
    answer = {};
    expect((await run(call(id))).status).toBe(404);
  });

  it('that the gateway had no descriptor for leaves the session be', async () => {
    const id = await openSession();
    const x = call(id, 'DELETE');
    x.failure = new Failure('connect', false, 'none left', { shortage: 'EMFILE' });
    answer = { status: 503, refusal: refusal('overloaded') };
    expect((await run(x)).status).toBe(503);
    answer = {};
    expect((await run(call(id))).status).toBe(200);
    expect(dismissed).toEqual([]);
  });

  it('that the upstream refused leaves the session be', async () => {
    const id = await openSession();
    answer = { status: 405 };
    expect((await run(call(id, 'DELETE'))).status).toBe(405);
    answer = {};
    expect((await run(call(id))).status).toBe(200);
  });
});
