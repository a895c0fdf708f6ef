// The answer parser: reads what HTTP/1.1 servers write, however it is cut into pieces, and nothing that could be read two ways.
import { describe, expect, it } from 'vitest';
import { AnswerParser } from '../../gateway/http1/answer-parser.ts';
import { HttpFault } from '../../gateway/http1/http-fault.ts';

interface Read {
  status: number;
  headers: readonly string[];
  keepsAlive: boolean;
  idleMs: number | undefined;
  body: string;
  interim: number[];
  ended: boolean;
  surplus: boolean;
}

/** Reads one answer given in pieces; `eof`: the connection ends behind it. */
function read(pieces: readonly string[], eof = false): Read {
  const seen: Read = {
    ...{ status: 0, headers: [], keepsAlive: false, idleMs: undefined, body: '', interim: [] },
    ...{ ended: false, surplus: false },
  };
  const parser = new AnswerParser({
    onHead(head) {
      if (head.status < 200) seen.interim.push(head.status);
      else Object.assign(seen, head);
    },
    onBody(bytes) {
      seen.body += bytes.toString('latin1');
    },
    onEnd(surplus) {
      seen.ended = true;
      seen.surplus = surplus;
    },
  });
  parser.expect();
  for (const piece of pieces) parser.push(Buffer.from(piece, 'latin1'));
  if (eof) parser.finish();
  return seen;
}

const ok = 'HTTP/1.1 200 OK\r\n';

describe('an answer', () => {
  const answers: readonly [name: string, text: string, body: string][] = [
    [
      'of a given length',
      `${ok}Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}`,
      '{"a":1}',
    ],
    ['without a body', `${ok}content-length: 0\r\n\r\n`, ''],
    ['with status 204', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['without a reason', 'HTTP/1.1 202\r\ncontent-length: 1\r\n\r\nx', 'x'],
    [
      'in chunks, with extensions and trailers',
      `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A;x=y\r\n0123456789\r\n0\r\nx-sum: 1\r\n\r\n`,
      'abc0123456789',
    ],
    ['behind early hints', `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${ok}content-length: 1\r\n\r\ny`, 'y'],
    ['with bytes beyond ASCII', `${ok}x: \xe9\r\ncontent-length: 2\r\n\r\n\xff\x00`, '\xff\x00'],
  ];

  it.each(answers)('%s is read whole and at every cut', (_name, text, body) => {
    const whole = read([text]);
    expect(whole).toMatchObject({ body, ended: true, surplus: false });
    for (let cut = 1; cut < text.length; cut++) {
      expect(read([text.slice(0, cut), text.slice(cut)])).toEqual(whole);
    }
    expect(read([...text])).toEqual(whole);
  });

  it('has its names in lower case and its values without the space around them', () => {
    const { headers } = read([`${ok}X-A: \t b c \t\r\nContent-Length:0\r\n\r\n`]);
    expect(headers).toEqual(['x-a', 'b c', 'content-length', '0']);
  });

  it('that names no end goes on to the end of the connection', () => {
    expect(read([`${ok}\r\nab`, 'c'])).toMatchObject({ body: 'abc', ended: false });
    expect(read([`${ok}\r\nab`, 'c'], true)).toMatchObject({ body: 'abc', ended: true, keepsAlive: false });
  });

  it.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', true],
    ['HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\nconnection: close\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n', true],
  ])('%j keeps its connection: %s', (text, keepsAlive) => {
    expect(read([text]).keepsAlive).toBe(keepsAlive);
  });

  it.each([
    ['content-length: 2', 'ab'],
    ['transfer-encoding: chunked', '2\r\nab\r\n0\r\n\r\n'],
    ['x: y', 'ab'],
  ])('with status 205 and %s has no content, and ends its connection', (header, content) => {
    const head = `HTTP/1.1 205 Reset Content\r\n${header}\r\n\r\n`;
    expect(read([head])).toMatchObject({ body: '', ended: true, keepsAlive: false });
    expect(read([head + content])).toMatchObject({ body: '', ended: true, surplus: true });
  });

  it('with status 205 that says it is empty keeps its connection', () => {
    expect(read(['HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n'])).toMatchObject({
      ...{ body: '', ended: true, keepsAlive: true },
    });
  });

  it('says how long its connection may be idle', () => {
    expect(read([`${ok}keep-alive: timeout=5, max=10\r\ncontent-length: 0\r\n\r\n`]).idleMs).toBe(5000);
  });

  it('in many small chunks that come at once is handed on in one piece', () => {
    let pieces = 0;
    const count = () => void pieces++;
    const parser = new AnswerParser({ onHead() {}, onBody: count, onEnd() {} });
    parser.expect();
    parser.push(Buffer.from(`${ok}transfer-encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(1000)}`));
    expect(pieces).toBe(1);
  });

  it('with bytes behind it says so, and they are nobody’s', () => {
    expect(read([`${ok}content-length: 1\r\n\r\nab`])).toMatchObject({
      body: 'a',
      ended: true,
      surplus: true,
    });
  });
});

describe('what is no answer', () => {
  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a switch of protocols', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n'],
    ['words to go on without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20)],
    ['another protocol that waits for an answer', 'SSH-2.0-OpenSSH'],
    ['a status beyond 599', 'HTTP/1.1 999 Odd\r\n\r\n'],
    ['two lengths', `${ok}content-length: 1\r\ncontent-length: 1\r\n\r\n`],
    ['a list of lengths', `${ok}content-length: 1, 1\r\n\r\n`],
    ['a signed length', `${ok}content-length: +1\r\n\r\n`],
    ['a length and chunks', `${ok}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n`],
    ['another coding', `${ok}transfer-encoding: gzip, chunked\r\n\r\n`],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['a folded header', `${ok}a: b\r\n c\r\n\r\n`],
    ['a space before the colon', `${ok}a : b\r\n\r\n`],
    ['a header without a colon', `${ok}a\r\nb: c\r\n\r\n`],
    ['a lone line feed', `${ok}a: b\nc: d\r\n\r\n`],
    ['a zero byte', `${ok}a: b\0\r\n\r\n`],
    ['a chunk without a size', `${ok}transfer-encoding: chunked\r\n\r\nxyz\r\n`],
    ['a negative chunk', `${ok}transfer-encoding: chunked\r\n\r\n-1\r\n`],
    ['a chunk longer than it says', `${ok}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n`],
    ['a length among trailers', `${ok}transfer-encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n`],
    ['a head without end', `${ok}${'a: b\r\n'.repeat(4000)}`],
    ['a chunk line without end', `${ok}transfer-encoding: chunked\r\n\r\n1;${'x'.repeat(4000)}`],
    ['trailers without end', `${ok}transfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(9000)}`],
  ])('%s is refused', (_name, text) => {
    expect(() => read([text])).toThrow(HttpFault);
  });

  it('a connection that ends early is no end of an answer', () => {
    expect(() => read([`${ok}content-length: 5\r\n\r\nab`], true)).toThrow(/closed/);
    expect(() => read([`${ok}transfer-encoding: chunked\r\n\r\n1\r\na\r\n`], true)).toThrow(/closed/);
    expect(() => read([ok], true)).toThrow(/closed/);
  });

  it('bytes that nobody asked for are refused', () => {
    const parser = new AnswerParser({ onHead() {}, onBody() {}, onEnd() {} });
    expect(() => parser.push(Buffer.from(ok))).toThrow(HttpFault);
  });
});
