// The scanner of event streams: events as a browser would see them, however the bytes are cut.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReplyPeek } from '../../gateway/mcp/reply-peek.ts';
import { SseScanner } from '../../gateway/mcp/sse-scanner.ts';
import { chunked, cuts } from './chunkings.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

interface Seen {
  events: string[];
  resumable: boolean;
  atBoundary: boolean;
}

function label({ id, method, hasResult, complete, broken }: ReplyPeek): string {
  return `${method ?? (hasResult ? 'result' : '?')} ${id ?? '-'}${complete ? '' : ' cut'}${broken ? ' broken' : ''}`;
}

function scan(...chunks: (string | Buffer)[]): Seen {
  const events: string[] = [];
  const scanner = new SseScanner((message) => events.push(label(message)));
  for (const chunk of chunks) scanner.push(Buffer.from(chunk));
  return { events, resumable: scanner.resumable, atBoundary: scanner.atBoundary };
}

const ends = ['\n', '\r', '\r\n'];

/** The WHATWG algorithm, on a whole text. */
function model(text: string): { data: string[]; resumable: boolean } {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  lines.pop();
  const found: string[] = [];
  let data: string[] = [];
  let id = '';
  let lastId = '';
  for (const line of lines) {
    if (line === '') {
      if (data.join('\n').trim() !== '') found.push(data.join('\n'));
      data = [];
      lastId = id;
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    if (name === 'id') id = value;
  }
  return { data: found, resumable: lastId !== '' };
}

const line = fc.constantFrom(
  ...[
    'data: {"id":1,"result":{}}',
    'data:{"id":"é",',
    'data: "result":{}}',
    'data',
    'data:',
    'data: ',
    'data:  [1]',
  ],
  ...[
    'id: 5',
    'id:',
    'id',
    'id:  ',
    'event: message',
    ': comment',
    ':',
    'retry: 10',
    'dataa: {}',
    ' data: {}',
    'idd: 3',
  ],
  ...['', '', '', '\ufeffdata: {"method":"m"}', '\ufeffid: 1'],
);
const stream = fc
  .array(fc.tuple(line, fc.constantFrom(...ends)), { maxLength: 14 })
  .map((lines) => lines.flat().join(''));

describe('the scanner of event streams', () => {
  it('sees the events that the specification defines', () => {
    fc.assert(
      fc.property(stream, (text) => {
        const { data, resumable } = model(text);
        const peeked = data.flatMap((json) => scan(`data:${json.replaceAll('\n', '')}\n\n`).events);
        expect(scan(text)).toMatchObject({ events: peeked, resumable });
      }),
      { numRuns: 3000 },
    );
  });

  it('sees the same however the bytes are cut', () => {
    const anything = fc.oneof(
      stream,
      fc
        .array(fc.constantFrom('data', 'id', ':', ' ', '\r', '\n', '{', '}', '"', 'x'), { maxLength: 40 })
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(anything, cuts, (text, cuts) => {
        expect(scan(...chunked(text, cuts))).toEqual(scan(text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each(ends.map((end) => [JSON.stringify(end), end] as const))(
    'reads lines that end in %s',
    (_name, end) => {
      const text = [
        ': hello',
        '',
        'event: message',
        'id: 7',
        'data: {"id":1,',
        'data: "result":{}}',
        '',
        '',
      ].join(end);
      const expected = { events: ['result 1'], resumable: true, atBoundary: true };
      expect(scan(text)).toEqual(expected);
      expect(scan(...Array.from(Buffer.from(text), (byte) => Buffer.from([byte])))).toEqual(expected);
    },
  );

  it('knows where a comment may be put in', () => {
    for (const [text, atBoundary] of [
      ['', true],
      ['d', false],
      ['data: {}', false],
      ['data: {}\n', false],
      ['data: {}\n\n', true],
      ['data: {}\r\n', false],
      ['data: {}\r\n\r\n', true],
      ['data: {}\n\n: c', false],
    ] as const) {
      expect([text, scan(text).atBoundary]).toEqual([text, atBoundary]);
    }
  });

  it('holds a stream for resumable only once an event with an id is whole, and until an empty id takes it back', () => {
    expect(scan('id: 1\ndata: {}\n').resumable).toBe(false);
    expect(scan('id: 1\ndata:\n\n').resumable).toBe(true);
    expect(scan('id: 1\n\ndata: {}\n\n').resumable).toBe(true);
    expect(scan('id: 1\n\nid:\n\n').resumable).toBe(false);
    expect(scan('id: 1\n\nid\n\n').resumable).toBe(false);
    expect(scan('idx: 1\n\n').resumable).toBe(false);
  });

  it('keeps events apart', () => {
    const text =
      'data: {"method":"notifications/progress"}\n\ndata: {"id":1\n\ndata: oops\n\ndata: {"id":2,"result":{}}\n\n';
    expect(scan(text).events).toEqual(['notifications/progress -', '? - cut', '? - cut broken', 'result 2']);
  });

  it('tells of no event that is not ended, is empty, or is a comment', () => {
    expect(scan('data: {"id":1,"result":{}}\n').events).toEqual([]);
    expect(scan('data:\n\n: data: {}\n\n\n\nevent: x\n\n').events).toEqual([]);
  });

  it.each([
    ['one endless line of data', 'data: {"id":"x', 'x'.repeat(1 << 20)],
    ['one endless name', '', 'n'.repeat(1 << 20)],
    ['line ends alone', '', '\r'.repeat(1 << 18)],
    ['comments alone', '', ': c\n\n'.repeat(30_000)],
    ['data lines without an end', '', 'data: [\n'.repeat(30_000)],
  ])('holds nothing of %s', (_name, head, text) => {
    const chunk = Buffer.from(text);
    const scanner = new SseScanner(() => {});
    scanner.push(Buffer.from(head));
    scanner.push(chunk);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 8; i++) scanner.push(chunk);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000);
    scanner.push(Buffer.from('\n\n'));
    expect(scanner.atBoundary).toBe(true);
  });
});
