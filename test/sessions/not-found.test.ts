// 404 in a session: it may mean the session, or what the call asked for; only the server can say which.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Endpoint } from '../../gateway/core/endpoint.ts';
import type { Exchange } from '../../gateway/core/exchange.ts';
import { refusal } from '../../gateway/core/refusal.ts';
import type { RecoverySettings } from '../../gateway/sessions/recovery.ts';
import { recovery } from '../../gateway/sessions/recovery.ts';
import { SessionPlaces } from '../../gateway/sessions/session-places.ts';
import { SessionRecords } from '../../gateway/sessions/session-records.ts';
import { makeExchange, request } from '../core/make-exchange.ts';
import { makeReply } from '../core/make-reply.ts';
import { rawCall } from '../support/clients.ts';
import type { FaultUpstream } from '../support/fault-upstream.ts';
import { startFaults } from '../support/fault-upstream.ts';
import type { TestGateway } from '../support/gateway-file.ts';
import { startGateway } from '../support/gateway-file.ts';
import { initializeRequest, legacyRequest } from '../support/message.ts';
import { BORN, session } from './make-session.ts';

describe.each(['auto', 'always'])('a living server under session_recovery: %s', (mode) => {
  let up: FaultUpstream;
  let gw: TestGateway;
  let id: string;

  beforeEach(async () => {
    up = await startFaults({ sessions: true, era: 'legacy' });
    gw = await startGateway(
      `pools: [{ name: a, session_recovery: ${mode}, endpoints: [{ url: "${up.url}" }] }]`,
    );
    const { body, headers } = initializeRequest();
    id = String((await rawCall(gw.at(), body, headers)).headers['mcp-session-id']);
  });
  afterEach(async () => {
    await gw.stop(500);
    await up.close();
  });

  async function send(method: string, params: Record<string, unknown> = {}): Promise<number> {
    const { body, headers } = legacyRequest(method, params, 7, id);
    return (await rawCall(gw.at(), body, headers)).status;
  }
  const call = (tool: string, nonce: string) => send('tools/call', { name: tool, arguments: { nonce } });
  const ofClient = (method: string) =>
    up.calls(method).filter(({ body }) => !body.includes('"name":"mcp-gateway"'));

  it('executes a call once whose answer is 404, and keeps the session', async () => {
    expect(await call('status-404', 'first')).toBe(404);
    expect(await call('write', 'second')).toBe(200);
    expect(await call('status-404', 'third')).toBe(404);
    expect(up.nonces()).toEqual(['first', 'second', 'third']);
    expect(ofClient('initialize')).toHaveLength(1);
  });

  it('answers 404 to methods and streams that it does not have, and keeps the session', async () => {
    up.on('prompts/list', 'status-404');
    up.on('GET', 'status-404');
    expect(await send('prompts/list')).toBe(404);
    const headers = { 'mcp-session-id': id, accept: 'text/event-stream' };
    expect((await fetch(gw.at(), { headers })).status).toBe(404);
    expect(await send('tools/list')).toBe(200);
    expect(ofClient('initialize')).toHaveLength(1);
  });

  it('sends all unsafe calls again that meet a forgotten session at once', async () => {
    up.sessions.clear();
    const atOnce = Array.from({ length: 20 }, (_none, i) => call('write', `at-once-${i}`));
    expect(new Set(await Promise.all(atOnce))).toEqual(new Set([200]));
  });

  it('sends an unsafe call again when the session is forgotten, and never a third time', async () => {
    up.sessions.clear();
    expect(await call('write', 'forgotten')).toBe(200);
    expect(up.nonces()).toEqual(['forgotten', 'forgotten']);
    up.on('tools/call', 'status-404');
    up.on('ping', 'status-404');
    const before = up.nonces().length;
    expect(await call('write', 'refused')).toBe(404);
    expect(up.nonces().slice(before)).toEqual(mode === 'auto' ? ['refused'] : ['refused', 'refused']);
  });
});

describe('the question whether a session is forgotten', () => {
  const endpoint = new Endpoint('e1', 'search', 'http://10.0.0.1/mcp', 1);
  const lost = { ...session, endpointId: 'e1', hello: '{}' };

  function settings(change: Partial<RecoverySettings>): RecoverySettings {
    return {
      mode: 'always',
      records: new SessionRecords(() => BORN),
      places: new SessionPlaces(),
      alone: true,
      readsOnly: () => false,
      endpoint: () => endpoint,
      retry: (_x, again) => again(),
      hasEnded: () => false,
      reopen: () => Promise.resolve({ place: { endpointId: 'e1', upstreamId: 'new' }, notices: [] }),
      isForgotten: () => Promise.resolve(true),
      endStreams: () => {},
      dismiss: () => {},
      leave: () => {},
      count: () => {},
      ...change,
    };
  }

  function exchange(): Exchange {
    const x = makeExchange(request('tools/call', { name: 'write' }));
    x.session = lost;
    x.pinned = endpoint;
    return x;
  }

  it('is asked once for all calls that are answered 404 at a time', async () => {
    let asked = 0;
    const answer = Promise.withResolvers<boolean>();
    const handle = recovery(
      settings({
        isForgotten: () => {
          asked++;
          return answer.promise;
        },
      }),
    )(() => Promise.resolve(makeReply({ status: 404 })));
    const replies = Array.from({ length: 20 }, () => handle(exchange()));
    await new Promise(setImmediate);
    answer.resolve(false);
    for (const reply of await Promise.all(replies)) expect(reply.status).toBe(404);
    expect(asked).toBe(1);
  });

  it('ends when the call is given up', async () => {
    const handle = recovery(settings({ isForgotten: () => new Promise(() => {}) }))(() =>
      Promise.resolve(makeReply({ status: 404 })),
    );
    const x = exchange();
    const reply = handle(x);
    await new Promise(setImmediate);
    x.cancel(refusal('timeout'));
    expect((await reply).refusal).toMatchObject({ reason: 'timeout' });
  });

  it('sends nothing in a session that its client ends while others are told where it goes on', async () => {
    let ended = false;
    const dismissed: string[] = [];
    const places = new SessionPlaces();
    places.store = {
      up: true,
      find: () => Promise.resolve('home'),
      move: () => {
        ended = true;
        return Promise.resolve('home');
      },
      end: () => Promise.resolve(true),
    };
    let sent = 0;
    const handle = recovery(
      settings({ places, hasEnded: () => ended, dismiss: ({ upstreamId }) => dismissed.push(upstreamId) }),
    )(() => {
      sent++;
      return Promise.resolve(makeReply({ status: 404 }));
    });
    expect((await handle(exchange())).refusal).toMatchObject({ reason: 'session_not_found' });
    expect([sent, dismissed]).toEqual([1, ['new']]);
  });

  it('is not asked of a session opened for the call: what is not found there is not the session', async () => {
    const sent: string[] = [];
    let asked = 0;
    const handle = recovery(
      settings({
        isForgotten: () => {
          asked++;
          return Promise.resolve(true);
        },
      }),
    )((x) => {
      sent.push(x.session?.upstreamId ?? '');
      return Promise.resolve(makeReply({ status: 404 }));
    });
    expect((await handle(exchange())).status).toBe(404);
    expect([sent, asked]).toEqual([[lost.upstreamId, 'new'], 1]);
  });
});
