// Truncation of answers, whatever pieces they come in: what is kept, what is said, and that the rest stays as it was.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResultSieve } from '../../gateway/limits/result-sieve.ts';
import { pageStarts } from '../../gateway/limits/results-resource.ts';
import { TextSpill } from '../../gateway/limits/spill.ts';
import { isOver, MARKER, render } from '../../gateway/limits/truncate.ts';

interface Result {
  content: { type: string; text?: string; data?: string; resource?: { text?: string }; uri?: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
  _meta?: Record<string, unknown>;
}

const full = { uri: 'mcp-gateway://results/abc', asLink: false };

function run(
  answer: string,
  limit: number,
  piece = answer.length || 1,
  link: typeof full | undefined = full,
) {
  const spill = new TextSpill(1_000_000);
  const sieve = new ResultSieve(limit, spill);
  const bytes = Buffer.from(answer);
  for (let i = 0; i < bytes.length; i += piece) sieve.push(bytes.subarray(i, i + piece));
  const text = render(sieve, limit, link).toString();
  return {
    over: isOver(sieve, limit),
    text,
    message: JSON.parse(text) as { id: number; result: Result },
    spill,
  };
}

function answer(result: object, id: unknown = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result });
}

const texts = (...list: string[]) => ({ content: list.map((text) => ({ type: 'text', text })) });
const charsOf = ({ content }: Result) => content.reduce((sum, { text }) => sum + (text?.length ?? 0), 0);

describe('a result within the limit', () => {
  it.each([
    ['one text', texts('hello')],
    ['many texts', texts('a', 'b', 'c')],
    ['no content', { content: [] }],
    ['no content at all', { toolResult: 1 }],
    ['structured content', { ...texts('{}'), structuredContent: { a: [1, { b: 'c' }], n: 1e30 } }],
    ['a result that is no object', 7],
    ['content that is no list', { content: 'text' }],
    ['content of other things', { content: [1, 'a', null, [2], { type: 'text', text: 'x' }] }],
  ])('passes: %s', (_what, result) => {
    for (const piece of [1, 2, 3, 1000]) {
      const { over, text } = run(answer(result as object), 100, piece);
      expect(over).toBe(false);
      expect(text).toBe(answer(result as object));
    }
  });

  it('keeps large numbers and escapes as they were written', () => {
    const raw = '{"id":9007199254740993,"result":{"content":[{"type":"text","text":"\\u00e9\\/"}],"x":1.0}}';
    expect(run(raw, 100, 1).text).toBe(raw);
  });

  it('of exactly the limit passes, of one more does not', () => {
    expect(run(answer(texts('x'.repeat(500))), 500).over).toBe(false);
    expect(run(answer(texts('x'.repeat(501))), 500).over).toBe(true);
  });
});

describe('a result over the limit', () => {
  it('is cut, ends with the sentence, says so in _meta, and holds no more than the limit', () => {
    const { message } = run(answer(texts('x'.repeat(5000))), 1000);
    const { result } = message;
    expect(result.content[0]?.text?.startsWith('xxx')).toBe(true);
    expect(result.content.at(-1)?.text?.endsWith(MARKER)).toBe(true);
    expect(charsOf(result)).toBeLessThanOrEqual(1000);
    const note = result._meta?.['mcp-gateway/truncated'] as { chars: number; kept: number };
    expect(note.chars).toBe(5000);
    expect(note.kept).toBeGreaterThan(800);
    expect(result.content[0]?.text?.slice(0, note.kept)).toBe('x'.repeat(note.kept));
  });

  it('keeps the head of several texts and leaves the later ones out', () => {
    const { result } = run(answer(texts('a'.repeat(300), 'b'.repeat(900), 'c'.repeat(900))), 1000).message;
    expect(result.content).toHaveLength(2);
    expect(result.content[0]?.text).toBe('a'.repeat(300));
    expect(result.content[1]?.text).toMatch(/^b+\n\n\[.*\]\n\(Response truncated/);
  });

  it('links to the full text where the client knows links', () => {
    const link = { uri: full.uri, asLink: true };
    const { result } = run(answer(texts('x'.repeat(5000))), 1000, 7, link).message;
    expect(result.content.at(-1)).toMatchObject({
      type: 'resource_link',
      uri: full.uri,
      name: 'full-result',
    });
    expect(result.content.at(-2)?.text?.endsWith(MARKER)).toBe(true);
    expect(JSON.stringify(result.content).length).toBeLessThan(1100);
  });

  it('turns blobs that do not fit into notes with their size', () => {
    const result = {
      content: [
        { type: 'image', mimeType: 'image/png', data: 'A'.repeat(5000) },
        { type: 'text', text: 'caption' },
        { type: 'image', mimeType: 'image/gif', data: 'R0lG' },
        { type: 'resource', resource: { uri: 'a:b', mimeType: 'application/zip', blob: 'B'.repeat(3000) } },
      ],
    };
    const { message } = run(answer(result), 1000, 11);
    expect(message.result.content.map(({ type, text }) => text ?? type)).toEqual([
      '[image/png of 5000 characters left out]',
      'caption',
      'image',
      expect.stringContaining('[application/zip of 3000 characters left out]'),
    ]);
    expect(message.result.content.at(-1)?.text?.endsWith(MARKER)).toBe(true);
  });

  it('keeps what stands beside the content: isError, _meta, other members', () => {
    const result = { ...texts('x'.repeat(3000)), isError: true, _meta: { a: 1 }, resultType: 'complete' };
    const { message } = run(answer(result, 'an id'), 1000, 5);
    expect(message).toMatchObject({ id: 'an id', result: { isError: true, resultType: 'complete' } });
    expect(message.result._meta).toEqual({ a: 1, 'mcp-gateway/truncated': expect.anything() as unknown });
    expect(run(answer({ _meta: {}, ...texts('x'.repeat(3000)) }), 1000).message.result._meta).toHaveProperty([
      'mcp-gateway/truncated',
    ]);
  });

  it('trims structured content and keeps its shape', () => {
    const rows = Array.from({ length: 500 }, (_, i) => ({ id: i, name: `row ${i}` }));
    const structuredContent = { rows, total: 500, note: 'n'.repeat(3000), last: { ok: true } };
    const { message, over } = run(answer({ ...texts('short'), structuredContent }), 1000, 13);
    expect(over).toBe(true);
    const kept = message.result.structuredContent as typeof structuredContent;
    expect(kept.rows.length).toBeLessThan(60);
    expect(kept.rows[3]).toEqual({ id: 3, name: 'row 3' });
    expect(kept.total).toBe(500);
    expect(kept.note).toBe('');
    expect(kept.last).toEqual({ ok: true });
    expect(message.result.content.at(-1)?.text?.endsWith(MARKER)).toBe(true);
  });

  it('gives structured content up whose shape alone is too large', () => {
    const structuredContent = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key${i}`, i]));
    const { result } = run(answer({ ...texts('short'), structuredContent }), 1000).message;
    expect(result.structuredContent).toEqual({});
  });

  it('is told of even if no text was there to cut', () => {
    const structuredContent = { note: 'n'.repeat(3000) };
    const { result } = run(answer({ structuredContent }), 1000).message;
    expect(result.content).toEqual([{ type: 'text', text: expect.stringContaining(MARKER) as unknown }]);
    expect(result._meta).toHaveProperty(['mcp-gateway/truncated']);
  });

  it('never breaks a character, an escape or JSON, wherever the pieces end', () => {
    const piece = fc.constantFrom('a', 'é', '漢', '😀', '"', '\\', '\n', '\u0001', '\ud83d');
    const textArb = fc.array(piece, { minLength: 150, maxLength: 400 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.array(textArb, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 50 }),
        (list, size) => {
          const limit = 200;
          const { message, over, spill } = run(answer(texts(...list)), limit, size);
          const whole = list.join('');
          if (whole.length <= limit) return !over;
          const { result } = message;
          const note = result._meta?.['mcp-gateway/truncated'] as { kept: number };
          const { kept } = note;
          const shown = result.content.map(({ text }) => text).join('');
          expect(shown.startsWith(whole.slice(0, kept))).toBe(true);
          expect(charsOf(result)).toBeLessThanOrEqual(limit);
          const stored = JSON.parse(`"${spill.take()?.toString()}"`) as string;
          expect(stored).toBe(list.join('\n\n'));
          return over;
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps little in memory however much there is', () => {
    const sieve = new ResultSieve(1000, undefined);
    sieve.push(Buffer.from('{"id":1,"result":{"content":[{"type":"text","text":"'));
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    for (let i = 0; i < 50; i++) sieve.push(megabyte);
    sieve.push(Buffer.from('"}]}}'));
    expect(sieve.chars).toBe(50 * 1024 * 1024);
    expect(sieve.items[0]?.bytes.length).toBeLessThan(2000);
  });

  it('is an error where anything but content is endless', () => {
    const sieve = new ResultSieve(1000, undefined);
    sieve.push(Buffer.from('{"id":1,"x":"'));
    expect(() => sieve.push(Buffer.alloc(2 * 1024 * 1024, 'x'))).toThrow(
      /more beside its texts than the gateway holds/,
    );
    expect(() => new ResultSieve(1000, undefined).push(Buffer.alloc(10_000, '['))).toThrow(/too deep/);
  });
});

describe('pages of a full text', () => {
  it('together are the text, and none is larger than it may be or cut within a character', () => {
    const piece = fc.constantFrom('a', 'é', '漢', '😀', '"', '\\', '\n', '\u0001', '\ud83d');
    const arb = fc.array(piece, { minLength: 0, maxLength: 300 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(arb, fc.boolean(), (text, escaped) => {
        const json = JSON.stringify(text).slice(1, -1);
        const ascii = json.replace(
          /[\u0080-\uffff]/g,
          (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
        );
        const raw = Buffer.from(escaped ? ascii : json);
        const starts = pageStarts(raw, 40);
        const pages = starts.map((start, i) => raw.subarray(start, starts[i + 1] ?? raw.length));
        const read = pages.map((page) => JSON.parse(`"${page.toString()}"`) as string);
        expect(read.join('')).toBe(text);
        expect(pages.every((page) => page.length <= 40)).toBe(true);
      }),
    );
  });
});
