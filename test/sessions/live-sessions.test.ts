// Live sessions: what nobody ends ends all the same, and never what is at work.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Exchange } from '../../gateway/core/exchange.ts';
import type { Session } from '../../gateway/core/session.ts';
import { EndedSessions } from '../../gateway/sessions/ended-sessions.ts';
import type { SharedUses } from '../../gateway/sessions/live-sessions.ts';
import { LiveSessions } from '../../gateway/sessions/live-sessions.ts';
import { caller, makeExchange, request } from '../core/make-exchange.ts';

const IDLE_MS = 60_000;
let now: number;
let ended: EndedSessions;
let live: LiveSessions;
/** What was told to upstreams, and counted. */
let dismissed: string[];
let counted: string[];

beforeEach(() => {
  now = Date.UTC(2026, 10, 23);
  ended = new EndedSessions(() => now);
  dismissed = [];
  counted = [];
  live = new LiveSessions(
    (session) => ended.add(session),
    (pool, reason) => counted.push(`${pool} ${reason}`),
    () => now,
  );
  live.limits = { inAll: 1000, idleMs: IDLE_MS, alone: true };
  live.dismissals.set('search', ({ upstreamId }) => dismissed.push(upstreamId));
});

function session(name: string): Session {
  const openedAt = now / 1000;
  return {
    endpointId: 'e',
    upstreamId: name,
    openedAt,
    expiresAt: openedAt + 86_400,
    nonce: name,
    hello: '{}',
  };
}

function open(names: string, client = 'ci', most = 3): void {
  for (const name of names) live.opened(session(name), 'search', client, most);
}

/** An exchange in the session; it lasts until it is closed. */
function use(name: string, client = 'ci', most = 3): Exchange {
  const x = makeExchange(request('tools/list'));
  x.principal = caller(client);
  x.session = session(name);
  live.enter(x, 'search', most);
  return x;
}

const endedOf = (names: string) => [...names].filter((name) => ended.has(session(name))).join('');

describe('a session at work', () => {
  it('knows its calls until they end, and no one else’s', () => {
    const [one, two, three] = [use('a'), use('a'), use('a')];
    use('b');
    expect(live.calls(session('a'))).toEqual([one, two, three]);
    one.close();
    expect(live.calls(session('a'))).toEqual([three, two]);
    two.close();
    three.close();
    expect([live.calls(session('a')), live.calls(session('c'))]).toEqual([[], []]);
  });
});

describe('a client over its number', () => {
  it('loses the session that it has not used for longest, of which the upstream is told', () => {
    open('abc');
    use('a').close();
    open('de');
    expect([endedOf('abcde'), dismissed, counted]).toEqual([
      'bc',
      ['b', 'c'],
      ['search limit', 'search limit'],
    ]);
    expect([...live.counts()]).toEqual([['search', 3]]);
  });

  it('loses none that is at work, however many these are', () => {
    open('abc');
    const uses = [...'abc'].map((name) => use(name));
    open('d');
    expect([endedOf('abcd'), live.size]).toEqual(['', 4]);
    for (const x of uses) x.close();
    open('e');
    expect(endedOf('abcde')).toBe('ad');
  });

  it('costs no other client anything', () => {
    open('x', 'other');
    open('abcdefgh');
    expect([endedOf('abcdefgh'), endedOf('x')]).toEqual(['abcde', '']);
  });

  it('is also one that brings sessions which another process has opened', () => {
    for (const name of 'abcd') use(name).close();
    expect(endedOf('abcd')).toBe('a');
  });
});

describe('all clients together over the number', () => {
  it('lose the session that was not used for longest, whosever it is', () => {
    live.limits = { ...live.limits, inAll: 4 };
    open('ab', 'one');
    open('cd', 'two');
    use('a').close();
    open('e', 'three');
    expect(endedOf('abcde')).toBe('b');
  });

  it('hold no more than that, whoever comes', () => {
    for (let i = 0; i < 5000; i++) live.opened(session(`s${i}`), 'search', `client${i}`, 3);
    expect([live.size, [...live.counts()]]).toEqual([1000, [['search', 1000]]]);
  });
});

describe('an idle session', () => {
  it('ends once nothing has used it for long enough', () => {
    open('ab');
    now += IDLE_MS - 1;
    use('b').close();
    live.sweep();
    expect(endedOf('ab')).toBe('');
    now += 1;
    live.sweep();
    expect([endedOf('ab'), dismissed, counted]).toEqual(['a', ['a'], ['search idle']]);
  });

  it('ends with the revision that its requests named, if they named one that there is', () => {
    const told: unknown[] = [];
    live.dismissals.set('search', ({ upstreamId }, revision) => told.push([upstreamId, revision]));
    open('abc');
    for (const [name, protocolVersion] of [
      ['b', '2025-06-18'],
      ['c', 'of my own'],
    ] as const) {
      const x = makeExchange(request('ping'), { protocolVersion });
      x.session = session(name);
      live.enter(x, 'search', 3);
      x.close();
    }
    now += IDLE_MS;
    live.sweep();
    expect(told).toEqual([
      ['a', undefined],
      ['b', '2025-06-18'],
      ['c', undefined],
    ]);
  });

  it('is none while a stream is open in it', () => {
    open('a');
    const stream = use('a');
    now += 10 * IDLE_MS;
    live.sweep();
    expect(endedOf('a')).toBe('');
    stream.close();
    live.sweep();
    expect(endedOf('a')).toBe('');
    now += IDLE_MS;
    live.sweep();
    expect(endedOf('a')).toBe('a');
  });

  it('that its client has ended is forgotten, also with something in flight in it', () => {
    open('a');
    const [one, other] = [use('a'), use('a')];
    live.remove(session('a'));
    one.close();
    other.close();
    now += IDLE_MS;
    live.sweep();
    expect([live.size, dismissed]).toEqual([0, []]);
  });
});

describe('where other processes open the same ids', () => {
  beforeEach(() => {
    live.limits = { ...live.limits, alone: false };
  });

  it('an idle session is merely forgotten, since it may be in use there', () => {
    open('a');
    now += IDLE_MS;
    live.sweep();
    expect([live.size, endedOf('a'), dismissed]).toEqual([0, '', []]);
  });

  it('a client over its number loses a session all the same', () => {
    open('abcd');
    expect([endedOf('abcd'), dismissed]).toEqual(['a', ['a']]);
  });

  describe('and what is in use is told', () => {
    let told: string[];
    let elsewhere: string;

    beforeEach(() => {
      told = [];
      elsewhere = '';
      const uses: SharedUses = {
        tellEveryMs: IDLE_MS / 4,
        tell: (nonce) => told.push(nonce),
        elsewhere: (nonce) => Promise.resolve(elsewhere.includes(nonce)),
      };
      live.uses = uses;
    });

    it('a session ends only if it is in use nowhere', async () => {
      elsewhere = 'a';
      open('abcd');
      now += IDLE_MS;
      live.sweep();
      await nextTurn();
      expect([live.size, endedOf('abcd')]).toEqual([0, 'bcd']);
    });

    it('a session that comes back while that is asked goes on', async () => {
      open('a');
      now += IDLE_MS;
      live.sweep();
      const x = use('a');
      await nextTurn();
      expect([live.size, endedOf('a')]).toEqual([1, '']);
      x.close();
    });

    it('each use is told now and then, and that of a long stream, too', () => {
      open('a');
      use('a').close();
      const stream = use('a');
      expect(told).toEqual(['a']);
      now += IDLE_MS / 4;
      live.sweep();
      live.sweep();
      expect(told).toEqual(['a', 'a']);
      stream.close();
    });
  });
});
