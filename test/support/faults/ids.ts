// Replies that carry another id than the request's, or carry it twice.
import type { Faults, FaultyCall } from './fault.ts';
import { chunk, JSON_TYPE, SSE_TYPE, sseEvent } from './wire.ts';

const NOT_YOURS = '{"content":[{"type":"text","text":"this was meant for another caller"}]}';

function replyTo(id: string, result = NOT_YOURS): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
}

async function stream({ wire }: FaultyCall, ...messages: string[]): Promise<void> {
  await wire.head(200, SSE_TYPE);
  await wire.send(messages.map((message) => chunk(sseEvent(message))).join('') + chunk(''));
}

/** Wrong ids by name. */
export const IDS: Faults = {
  'wrong-id': ({ wire }) => wire.reply(200, JSON_TYPE, replyTo('987654321')),

  'wrong-id-sse': (call) => stream(call, replyTo('987654321')),

  /** The number as a string, or the string as a number that it is not. */
  'string-id': ({ wire, id }) => wire.reply(200, JSON_TYPE, replyTo(id.startsWith('"') ? '1' : `"${id}"`)),

  'missing-id': ({ wire }) => wire.reply(200, JSON_TYPE, `{"jsonrpc":"2.0","result":${NOT_YOURS}}`),

  'null-id': ({ wire }) => wire.reply(200, JSON_TYPE, replyTo('null')),

  /** The same reply twice on one stream. */
  'duplicate-reply': (call) => stream(call, call.goodReply, call.goodReply),

  /** A reply to an id that nobody used, then the right one. */
  'unknown-id-first': (call) => stream(call, replyTo('987654321'), call.goodReply),
};
