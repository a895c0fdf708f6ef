// Replies with nothing wrong, in each form that a server may choose, and the errors that are answers too.
import type { Faults } from './fault.ts';
import { chunk, JSON_TYPE, SSE_TYPE, sseEvent } from './wire.ts';

/** Sound replies by name. */
export const SOUND: Faults = {
  ok: ({ wire, goodReply }) => wire.reply(200, JSON_TYPE, goodReply),

  async 'ok-chunked'({ wire, goodReply }) {
    await wire.head(200, { ...JSON_TYPE, 'transfer-encoding': 'chunked' });
    await wire.send(chunk(goodReply.slice(0, 5)));
    await wire.send(chunk(goodReply.slice(5)) + chunk(''));
  },

  async 'ok-sse'({ wire, goodReply }) {
    await wire.head(200, SSE_TYPE);
    await wire.send(chunk(sseEvent(goodReply)) + chunk(''));
  },

  /** Answers after `arguments.ms` milliseconds. */
  async slow({ wire, goodReply, args }) {
    if (await wire.pause(Number(args.ms ?? 100))) await wire.reply(200, JSON_TYPE, goodReply);
  },

  'tool-error': ({ wire, id }) => {
    const result = '{"content":[{"type":"text","text":"the tool failed"}],"isError":true}';
    return wire.reply(200, JSON_TYPE, `{"jsonrpc":"2.0","id":${id},"result":${result}}`);
  },

  'rpc-error': ({ wire, id }) => {
    const error = '{"code":-32602,"message":"unknown tool"}';
    return wire.reply(200, JSON_TYPE, `{"jsonrpc":"2.0","id":${id},"error":${error}}`);
  },
};
