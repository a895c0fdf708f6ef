// Replies without end, or far larger than they look.
import { gzipSync } from 'node:zlib';
import type { Faults, FaultyCall } from './fault.ts';
import { chunk, JSON_TYPE, SSE_TYPE, sseEvent } from './wire.ts';

const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;
const FILL = 'x'.repeat(MEBIBYTE);

function opening(id: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"`;
}

/** Repeats `text` until the peer is gone or a gibibyte has been sent. */
async function flood({ wire }: FaultyCall, text: string): Promise<void> {
  for (let sent = 0; sent < GIBIBYTE; sent += text.length) {
    if (!(await wire.send(text))) return;
  }
}

/** Floods by name. */
export const FLOODS: Faults = {
  /** A JSON body of a gibibyte, in chunks. */
  async 'huge-body'(call) {
    await call.wire.head(200, { ...JSON_TYPE, 'transfer-encoding': 'chunked' });
    await call.wire.send(chunk(opening(call.id)));
    await flood(call, chunk(FILL));
    await call.wire.send(chunk('"}]}}') + chunk(''));
  },

  /** The same, with a `Content-Length` that says so. */
  async 'huge-body-declared'(call) {
    const [before, after] = [opening(call.id), '"}]}}'];
    await call.wire.head(200, { ...JSON_TYPE, 'content-length': before.length + GIBIBYTE + after.length });
    await call.wire.send(before);
    await flood(call, FILL);
    await call.wire.send(after);
  },

  /** 64 MiB that travel as 64 KiB, whether or not the request accepted gzip. */
  'gzip-bomb': ({ wire, id }) => {
    const body = gzipSync(`${opening(id)}${FILL.repeat(64)}"}]}}`);
    return wire.reply(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }, body);
  },

  /** A thousand encodings declared, one after another (CVE-2026-22036). */
  'nested-encoding': ({ wire, goodReply }) =>
    wire.reply(
      200,
      { ...JSON_TYPE, 'content-encoding': Array(1000).fill('gzip').join(',') },
      gzipSync(goodReply),
    ),

  async 'infinite-sse-comments'(call) {
    await call.wire.head(200, SSE_TYPE);
    await flood(call, chunk(`: ${'still here '.repeat(100)}\n\n`));
  },

  /** One data line that never ends. */
  async 'sse-endless-line'(call) {
    await call.wire.head(200, SSE_TYPE);
    await call.wire.send(chunk('data: '));
    await flood(call, chunk(FILL));
  },

  /** Small notifications without end, and never the reply. */
  async 'infinite-sse-events'(call) {
    const message = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"."}}';
    await call.wire.head(200, SSE_TYPE);
    await flood(call, chunk(sseEvent(message).repeat(100)));
  },
};
