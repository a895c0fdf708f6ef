// Reads Server-Sent Events out of a response's text, for assertions on what crossed the wire.

/** One event: its fields as sent, and its data parsed as JSON where it is JSON. */
export interface SseEvent {
  id?: string;
  event?: string;
  retry?: string;
  data: string;
  message: unknown;
}

/** Splits a whole event stream into its events; comments are left out, an event cut short too (HTML 9.2.6). */
export function sseEvents(text: string): SseEvent[] {
  const blocks = text.replaceAll('\r\n', '\n').split('\n\n').slice(0, -1);
  return blocks.map(readBlock).filter((event) => event !== undefined);
}

function readBlock(block: string): SseEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon === 0 || line === '') continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    const before = name === 'data' ? fields.get('data') : undefined;
    fields.set(name, before === undefined ? value : `${before}\n${value}`);
  }
  if (fields.size === 0) return undefined;
  const data = fields.get('data') ?? '';
  return { ...Object.fromEntries(fields), data, message: parseOrUndefined(data) };
}

/** The JSON value of `text`, or undefined where it is not JSON. */
export function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
