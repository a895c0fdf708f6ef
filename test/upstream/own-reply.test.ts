// Answers to the gateway's own requests: found in whatever pieces they come, and read for no more than they may take.
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { readMessage, SMALL_BYTES } from '../../gateway/upstream/own-reply.ts';

/** An answer whose body comes in these pieces; `read` counts those that were taken. */
function answering(contentType: string, pieces: Iterable<string | Buffer>) {
  const state = { read: 0 };
  function* counted() {
    for (const piece of pieces) {
      state.read++;
      yield Buffer.from(piece);
    }
  }
  const body = Readable.from(counted(), { objectMode: true, highWaterMark: 1 });
  return {
    state,
    data: { headers: { 'content-type': contentType }, body } as unknown as Dispatcher.ResponseData,
  };
}

const answer = { jsonrpc: '2.0', id: 7, result: { tools: ['ü'] } };
const json = JSON.stringify(answer);
const sse = 'text/event-stream';

describe('an answer to the gateway itself', () => {
  it.each([
    ['as JSON', 'application/json', json],
    ['as an event', sse, `data: ${json}\n\n`],
    [
      'behind comments, other messages and answers',
      sse,
      `: hello\n\ndata: {"method":"x"}\n\ndata: {"id":6}\n\ndata:${json}\n\n`,
    ],
    ['with the line ends of the web', sse, `event: message\r\ndata: ${json}\r\n\r\n`],
    ['over several lines', sse, `data: ${json.replace(',', ',\ndata: ')}\n\n`],
    ['that the end of the stream ends', sse, `data: ${json}`],
  ])('is found %s, whole or byte by byte', async (_how, type, text) => {
    expect(await readMessage(answering(type, [text]).data, 7, SMALL_BYTES)).toEqual(answer);
    const bytes = Array.from(Buffer.from(text), (byte) => Buffer.of(byte));
    expect(await readMessage(answering(type, bytes).data, 7, SMALL_BYTES)).toEqual(answer);
  });

  it('ends the reading of a stream that goes on', async () => {
    const { state, data } = answering(sse, [
      `data: ${json}\n\n`,
      ...Array.from({ length: 100 }, () => ': more\n\n'),
    ]);
    expect(await readMessage(data, 7, SMALL_BYTES)).toEqual(answer);
    expect(state.read).toBeLessThan(5);
  });

  it.each([sse, 'application/json'])('is given up when it takes more than it may: %s', async (type) => {
    const piece = 'a'.repeat(16_384);
    const { state, data } = answering(
      type,
      Array.from({ length: 1000 }, () => piece),
    );
    await expect(readMessage(data, 7, SMALL_BYTES)).rejects.toThrow('answered with more than 1 MiB');
    expect(state.read).toBeLessThan(70);
  });

  it.each([
    ['one line without an end', 'a'],
    ['blank lines', '\n'],
    ['carriage returns', '\r'],
    ['events of nothing', 'a\n\n'],
  ])('costs each byte once, be it %s', async (_what, unit) => {
    // 4 MiB in pieces of 256 bytes: what looked at all before it with each of them would take half a minute.
    const piece = unit.repeat(256 / unit.length);
    const { data } = answering(
      sse,
      Array.from({ length: 16_000 }, () => piece),
    );
    expect(await readMessage(data, 7, 2 ** 25)).toBeUndefined();
  });
});
