// Connections that end too early: before a reply, in its middle, in the middle of a stream.
import type { Faults } from './fault.ts';
import { chunk, JSON_TYPE, SSE_TYPE, sseEvent } from './wire.ts';

const PROGRESS =
  '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"working"}}';

/** Early ends by name. */
export const CUT: Faults = {
  /** RST after the request was read, before a byte of the reply. */
  'reset-before': ({ wire }) => wire.reset(),

  'fin-before': ({ wire }) => wire.fin(),

  /** A whole reply that promises to keep the connection, and its end right after. */
  async 'ok-then-fin'({ wire, goodReply }) {
    await wire.reply(200, JSON_TYPE, goodReply);
    wire.fin();
  },

  /** RST after half of the body; the pause lets that half arrive, since RST drops what is still unread. */
  async 'reset-mid-body'({ wire, goodReply }) {
    await wire.head(200, { ...JSON_TYPE, 'content-length': Buffer.byteLength(goodReply) });
    await wire.send(goodReply.slice(0, goodReply.length / 2));
    await wire.pause(50);
    wire.reset();
  },

  /** FIN before `Content-Length` bytes have been sent. */
  async 'content-length-short'({ wire, goodReply }) {
    await wire.head(200, { ...JSON_TYPE, 'content-length': Buffer.byteLength(goodReply) + 100 });
    await wire.send(goodReply);
    wire.fin();
  },

  /** A chunked body without its last chunk. */
  async 'chunked-cut'({ wire, goodReply }) {
    await wire.head(200, { ...JSON_TYPE, 'transfer-encoding': 'chunked' });
    await wire.send(chunk(goodReply));
    wire.fin();
  },

  /** The head of a stream, which many servers send before they work, and then RST. */
  async 'sse-head-then-reset'({ wire }) {
    await wire.head(200, SSE_TYPE);
    await wire.pause(50);
    wire.reset();
  },

  /** A stream that ends in good order, without the reply. */
  async 'sse-cut-before-reply'({ wire }) {
    await wire.head(200, SSE_TYPE);
    await wire.send(chunk(sseEvent(PROGRESS)) + chunk(''));
  },

  /** A stream whose connection is reset after its first event. */
  async 'sse-reset-before-reply'({ wire }) {
    await wire.head(200, SSE_TYPE);
    await wire.send(chunk(sseEvent(PROGRESS)));
    await wire.pause(50);
    wire.reset();
  },

  /** A stream cut in the middle of the event that holds the reply. */
  async 'sse-cut-mid-event'({ wire, goodReply }) {
    await wire.head(200, SSE_TYPE);
    await wire.send(chunk(`event: message\ndata: ${goodReply.slice(0, goodReply.length / 2)}`));
    wire.fin();
  },
};
