// Replies that arrive whole and are not what they should be.
import type { Faults } from './fault.ts';
import { JSON_TYPE } from './wire.ts';

const BOM = '\uFEFF';

/** Unusable or odd bodies by name. */
export const GARBAGE: Faults = {
  'html-200': ({ wire }) =>
    wire.reply(200, { 'content-type': 'text/html' }, '<!doctype html><title>It works</title>'),

  'html-as-json': ({ wire }) => wire.reply(200, JSON_TYPE, '<!doctype html><title>It works</title>'),

  'truncated-json': ({ wire, goodReply }) => wire.reply(200, JSON_TYPE, goodReply.slice(0, -10)),

  'empty-200': ({ wire }) => wire.reply(200, JSON_TYPE, ''),

  'invalid-utf8': ({ wire, id }) => {
    const [before, after] = [
      `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"`,
      '"}]}}',
    ];
    return wire.reply(
      200,
      JSON_TYPE,
      Buffer.concat([Buffer.from(before), Buffer.of(0xc3, 0x28), Buffer.from(after)]),
    );
  },

  bom: ({ wire, goodReply }) => wire.reply(200, JSON_TYPE, BOM + goodReply),

  nan: ({ wire, id }) =>
    wire.reply(
      200,
      JSON_TYPE,
      `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":{"x":NaN}}}`,
    ),

  'two-documents': ({ wire, goodReply }) => wire.reply(200, JSON_TYPE, `${goodReply}\n${goodReply}`),

  'wrong-content-type': ({ wire, goodReply }) => wire.reply(200, { 'content-type': 'text/plain' }, goodReply),

  'no-content-type': ({ wire, goodReply }) => wire.reply(200, {}, goodReply),

  /** Bytes after the body that its length does not count: the connection must not be used again. */
  async 'extra-bytes'({ wire, goodReply }) {
    await wire.reply(200, JSON_TYPE, goodReply);
    await wire.send('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsmuggl');
  },
};
