// Replies that stop coming, or come too slowly; the connection stays open until the peer gives up.
import type { Faults } from './fault.ts';
import { chunk, JSON_TYPE, SSE_TYPE } from './wire.ts';

/** Hanging and slow replies by name. */
export const HANG: Faults = {
  hang: ({ wire }) => wire.untilGone(),

  async 'hang-mid-headers'({ wire }) {
    await wire.send('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n');
    await wire.untilGone();
  },

  async 'hang-mid-body'({ wire, goodReply }) {
    await wire.head(200, { ...JSON_TYPE, 'content-length': Buffer.byteLength(goodReply) });
    await wire.send(goodReply.slice(0, goodReply.length / 2));
    await wire.untilGone();
  },

  async 'hang-mid-sse'({ wire, goodReply }) {
    await wire.head(200, SSE_TYPE);
    await wire.send(chunk(`event: message\ndata: ${goodReply.slice(0, goodReply.length / 2)}`));
    await wire.untilGone();
  },

  /** The head of an event stream and nothing more, as of a server that hangs once it has begun to work. */
  async 'hang-after-sse-head'({ wire }) {
    await wire.head(200, SSE_TYPE);
    await wire.untilGone();
  },

  /** An answer on an event stream that is left open. */
  async 'sse-left-open'({ wire, goodReply }) {
    await wire.head(200, SSE_TYPE);
    await wire.send(chunk(`data: ${goodReply}\n\n`));
    await wire.untilGone();
  },

  /** An event stream on which nothing is ever said, as most GET streams are. */
  async 'quiet-sse'({ wire }) {
    await wire.head(200, SSE_TYPE);
    await wire.send(chunk(': open\n\n'));
    await wire.untilGone();
  },

  /** One byte of the body every `dripMs`. */
  async drip({ wire, goodReply, dripMs }) {
    await wire.head(200, { ...JSON_TYPE, 'content-length': Buffer.byteLength(goodReply) });
    for (const byte of Buffer.from(goodReply)) {
      if (!(await wire.pause(dripMs)) || !(await wire.send(Buffer.of(byte)))) return;
    }
  },

  /** One header line every `dripMs`, then the reply. */
  async 'slow-headers'({ wire, goodReply, dripMs }) {
    const length = `content-length: ${Buffer.byteLength(goodReply)}\r\n\r\n`;
    for (const line of ['HTTP/1.1 200 OK\r\n', 'content-type: application/json\r\n', length]) {
      if (!(await wire.send(line)) || !(await wire.pause(dripMs))) return;
    }
    await wire.send(goodReply);
  },
};
