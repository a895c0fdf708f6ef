// Trace context: which span a request says it comes from.
import { describe, expect, it } from 'vitest';
import { callersOf, parseTraceparent } from '../../gateway/telemetry/trace-context.ts';
import { makeExchange, request } from '../core/make-exchange.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const other = '1bf7651916cd43dd8448eb211c80319d';
const span = 'b7ad6b7169203331';

describe('a traceparent', () => {
  it.each([
    [`00-${trace}-${span}-01`, trace],
    [`cc-${trace}-${span}-01-later`, trace],
    [`00-${trace}-${span}-01-more`, undefined],
    [`ff-${trace}-${span}-01`, undefined],
    [`00-${'0'.repeat(32)}-${span}-01`, undefined],
    [`00-${trace}-${'0'.repeat(16)}-01`, undefined],
    [`00-${trace.toUpperCase()}-${span}-01`, undefined],
    [`00-${trace}-${span}-01\n`, undefined],
    ['nonsense', undefined],
    [undefined, undefined],
  ])('of %j names trace %j', (text, id) => {
    expect(parseTraceparent(text, undefined)?.traceId).toBe(id);
  });

  it('has no tracestate that is unfit for a header', () => {
    const states = ['a=b', 'a=b\r\nx-evil: 1', 'ä=b', 'x'.repeat(513)];
    const kept = states.map((state) => parseTraceparent(`00-${trace}-${span}-01`, state)?.tracestate);
    expect(kept).toEqual(['a=b', undefined, undefined, undefined]);
  });
});

describe('the callers of a request', () => {
  const inMeta = (id: string, more = {}) => ({ _meta: { traceparent: `00-${id}-${span}-01`, ...more } });
  const header = { traceparent: `00-${other}-${span}-00`, tracestate: 'h=1' };

  it('are in _meta before they are in the headers, which then are the surroundings', () => {
    const x = makeExchange(request('ping', inMeta(trace, { tracestate: 'm=1' })), header);
    expect(callersOf(x)).toEqual({
      parent: { traceId: trace, spanId: span, traceFlags: 1, tracestate: 'm=1' },
      ambient: { traceId: other, spanId: span, traceFlags: 0, tracestate: 'h=1' },
    });
  });

  it('are not named twice when both places say the same', () => {
    const x = makeExchange(request('ping', inMeta(other)), header);
    expect(callersOf(x)).toMatchObject({ parent: { traceId: other }, ambient: undefined });
  });

  it('are in the headers when _meta has no valid traceparent', () => {
    for (const meta of [{}, { traceparent: 'nonsense' }, { traceparent: 7 }]) {
      const { parent, ambient } = callersOf(makeExchange(request('ping', { _meta: meta }), header));
      expect([parent?.traceId, parent?.tracestate, ambient]).toEqual([other, 'h=1', undefined]);
    }
  });

  it('are found however their text is escaped', () => {
    const escaped: string = JSON.stringify(request('ping', inMeta(trace))).replace(
      '"00-',
      '"\\u0030\\u0030-',
    );
    expect(callersOf(makeExchange(escaped)).parent?.traceId).toBe(trace);
  });
});
