// The results resource: lets the owner of a truncated result read its full text, page by page.
import type { Exchange } from '../core/exchange.ts';
import type { Reply } from '../core/reply.ts';
import { jsonReply } from '../core/reply.ts';
import type { Stage } from '../core/stage.ts';
import { Method } from '../mcp/methods.ts';
import { ownerOf } from './response-cap.ts';
import type { FullText, ResultStore } from './result-store.ts';
import { isResultUri, parseResultUri, resultUri } from './result-store.ts';

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/** The stage; `charsOf` says how much a page may hold, which is what a result may. */
export function resultsResource(store: ResultStore, charsOf: (x: Exchange) => number): Stage {
  return (next) => (x) => {
    const { method, name, kind } = x.envelope;
    if (method !== Method.resourcesRead || kind !== 'request' || !isResultUri(name)) return next(x);
    const wanted = parseResultUri(name);
    if (wanted === undefined) return Promise.resolve(notFound(x, name));
    const answer = (text: FullText | undefined): Reply => {
      if (text === undefined || text.owner !== ownerOf(x)) return notFound(x, name);
      return page(x, name, wanted.id, wanted.page, text.raw, charsOf(x)) ?? notFound(x, name);
    };
    const found = store.get(wanted.id);
    return found instanceof Promise ? found.then(answer) : Promise.resolve(answer(found));
  };
}

/** Whether the text is not there or not the caller's is nobody's business. */
function notFound(x: Exchange, uri: string): Reply {
  x.errorType = String(x.era.resourceNotFound);
  const error = { code: x.era.resourceNotFound, message: 'Resource not found', data: { uri } };
  return jsonReply(`{"jsonrpc":"2.0","id":${x.envelope.id},"error":${JSON.stringify(error)}}`);
}

/** One page and, as an empty content of its own, the URI of the next; undefined when there is no such page. */
function page(
  x: Exchange,
  uri: string,
  id: string,
  number: number,
  raw: Buffer,
  chars: number,
): Reply | undefined {
  const starts = pageStarts(raw, chars);
  const start = starts[number - 1];
  if (start === undefined) return undefined;
  const text = raw.toString('utf8', start, starts[number] ?? raw.length);
  const meta = JSON.stringify({ 'mcp-gateway/page': { page: number, pages: starts.length } });
  const contents = [
    `{"uri":${JSON.stringify(uri)},"mimeType":"text/plain","text":"${text}","_meta":${meta}}`,
  ];
  if (number < starts.length) {
    const following = { uri: resultUri(id, number + 1), mimeType: 'text/plain', text: '' };
    contents.push(JSON.stringify(following));
  }
  const result = `{${x.era.readResultMembers}"contents":[${contents.join(',')}]}`;
  return jsonReply(`{"jsonrpc":"2.0","id":${x.envelope.id},"result":${result}}`);
}

/** Where pages of at most `chars` bytes begin: never within an escape, a character or a surrogate pair. */
export function pageStarts(raw: Buffer, chars: number): number[] {
  const starts = [0];
  let start = 0;
  let pos = 0;
  while (pos < raw.length) {
    const end = unitEnd(raw, pos);
    if (end - start > chars && pos > start) {
      start = pos;
      starts.push(start);
    }
    pos = end;
  }
  return starts;
}

/** End of the character, or pair of escapes that make one, at `pos`. */
function unitEnd(raw: Buffer, pos: number): number {
  const c = raw[pos] as number;
  if (c === BACKSLASH) {
    if (raw[pos + 1] !== LETTER_U) return pos + 2;
    const isHigh = /^d[89ab]/i.test(raw.toString('latin1', pos + 2, pos + 4));
    return isHigh && raw[pos + 6] === BACKSLASH && raw[pos + 7] === LETTER_U ? pos + 12 : pos + 6;
  }
  return pos + (c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4);
}
