// Truncates a tool result: as much of its head as fits, the sentence that says so, and where the rest can be read.
import { MetaKey } from '../mcp/methods.ts';
import { decodeCut } from './char-count.ts';
import type { ResultItem } from './result-item.ts';
import type { ResultSieve } from './result-sieve.ts';

/** The sentence that ends the last text of every truncated result. */
export const MARKER = '(Response truncated. Narrow your query for complete results.)';

/** How the full text can be reached. */
export interface FullResult {
  readonly uri: string;
  /** False for revisions that do not know `resource_link`: then a sentence names the URI. */
  readonly asLink: boolean;
}

interface Item {
  type?: unknown;
  text?: unknown;
  mimeType?: unknown;
  resource?: { text?: unknown; blob?: unknown; uri?: unknown; mimeType?: unknown };
}

/** Whether the answer holds more than `limit` characters, or more of anything else than could be kept. */
export function isOver(sieve: ResultSieve, limit: number): boolean {
  if (sieve.chars > limit || sieve.dropped || sieve.structured?.trimmed === true) return true;
  return sieve.items.some((item) => item.broken);
}

/** The message as JSON bytes: as it came, but for space between tokens, or truncated. */
export function render(sieve: ResultSieve, limit: number, full: FullResult | undefined): Buffer {
  const over = isOver(sieve, limit);
  const content = over
    ? truncated(sieve, limit, full)
    : { items: sieve.items.map(textOf), kept: sieve.chars };
  const note = `"${MetaKey.truncated}":{"chars":${sieve.chars},"kept":${content.kept}}`;
  const parts: string[] = [];
  for (let i = 0; i <= sieve.before.length; i++) {
    if (i === sieve.contentAt) parts.push(content.items.join(','));
    if (i === sieve.structuredAt) parts.push(sieve.structured?.text ?? '');
    if (over && i === sieve.metaAt) parts.push(note, sieve.metaEmpty ? '' : ',');
    if (over && i === sieve.resultEnd) {
      if (sieve.contentAt === -1)
        parts.push(`${sieve.resultEmpty ? '' : ','}"content":[${content.items.join(',')}]`);
      if (sieve.metaAt === -1) parts.push(`,"_meta":{${note}}`);
    }
    if (i < sieve.before.length) parts.push(sieve.before[i] as string);
  }
  return Buffer.from(parts.join(''), 'latin1');
}

/** Items as latin1 text of their JSON bytes, like everything here. */
function textOf(item: ResultItem): string {
  return item.bytes.toString('latin1');
}

function truncated(
  sieve: ResultSieve,
  limit: number,
  full: FullResult | undefined,
): { items: string[]; kept: number } {
  const hint = full === undefined || full.asLink ? '' : `[The full text is the resource ${full.uri}]\n`;
  const ending = `${hint}${MARKER}`;
  let left = Math.max(0, limit - ending.length - 2 - (full?.asLink === true ? linkTo(full).length : 0));
  let kept = 0;
  const items: string[] = [];
  /** A text of ours that stands last: the ending goes to its end. */
  let last: string | undefined;
  let isCut = false;
  const say = (text: string | undefined) => {
    if (last !== undefined && last !== '') items.push(encode({ type: 'text', text: last }));
    last = text;
  };
  for (const item of sieve.items) {
    if (!isCut && !item.cut && !item.broken && item.chars <= left) {
      left -= item.chars;
      kept += item.chars;
      say(undefined);
      items.push(textOf(item));
    } else if (item.textChars === 0 || item.broken) say(noteOn(item));
    else if (!isCut) {
      isCut = true;
      say(headOf(item, left));
      kept += last?.length ?? 0;
    }
  }
  items.push(
    encode({ type: 'text', text: last === undefined || last === '' ? ending : `${last}\n\n${ending}` }),
  );
  if (full?.asLink === true) items.push(linkTo(full));
  return { items, kept };
}

/** The head of an item's text. Its last string may be cut within an escape, which is left out. */
function headOf(item: ResultItem, chars: number): string {
  const parsed = parseCut(item);
  const text = parsed?.type === 'text' ? parsed.text : parsed?.resource?.text;
  return typeof text === 'string' ? decodeCut(JSON.stringify(text).slice(1, -1), chars) : '';
}

/** Items are cut at whole characters, so that what is kept of them still is JSON. */
function parseCut(item: ResultItem): Item | undefined {
  try {
    return JSON.parse(item.bytes.toString('utf8')) as Item;
  } catch {
    return undefined;
  }
}

function noteOn(item: ResultItem): string {
  const parsed = item.broken ? undefined : parseCut(item);
  const type = parsed?.mimeType ?? parsed?.resource?.mimeType ?? parsed?.type;
  const what = typeof type === 'string' ? type.slice(0, 100) : 'content';
  return `[${what} of ${item.chars} characters left out]`;
}

function linkTo({ uri }: FullResult): string {
  return encode({
    type: 'resource_link',
    uri,
    name: 'full-result',
    title: 'Full result',
    description: 'The whole text of this truncated result, in pages',
    mimeType: 'text/plain',
  });
}

function encode(item: object): string {
  return Buffer.from(JSON.stringify(item)).toString('latin1');
}
