// Trace context: reads the W3C `traceparent` of a request, wherever it stands (W3C Trace Context, level 1, 3.2.2).
import type { Exchange } from '../core/exchange.ts';

/** A caller's span. */
export interface ParentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  /** `tracestate` as it came with it. */
  readonly tracestate: string | undefined;
}

/** What a request says of its callers: the span that asked, and the one of the HTTP request where that is another. */
export interface Callers {
  readonly parent: ParentSpan | undefined;
  readonly ambient: ParentSpan | undefined;
}

const traceparentForm =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** A body's `tracestate` goes out as a header, so it must be fit for one; 512 characters is what all must carry (3.3.1.5). */
const tracestateForm = /^[\x20-\x7e]{1,512}$/;

/** The span that a valid `traceparent` names; version 00 has nothing after its flags. */
export function parseTraceparent(
  text: string | undefined,
  tracestate: string | undefined,
): ParentSpan | undefined {
  if (text === undefined) return undefined;
  const match = traceparentForm.exec(text);
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = match;
  if (more !== undefined && version === '00') return undefined;
  const state = tracestate !== undefined && tracestateForm.test(tracestate) ? tracestate : undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), tracestate: state };
}

const strangers: Callers = { parent: undefined, ambient: undefined };

/** Reads both places; `_meta` is nearer to the caller than the headers, which a proxy may have written (SEP-414). */
export function callersOf(x: Exchange): Callers {
  const { inbound, envelope } = x;
  if (!inbound.traced) return strangers;
  const header = parseTraceparent(inbound.traceparent, inbound.tracestate);
  const trace = envelope.trace;
  if (trace === undefined) return { parent: header, ambient: undefined };
  const meta = parseTraceparent(textAt(x, trace.traceparent), textAt(x, trace.tracestate));
  if (meta === undefined) return { parent: header, ambient: undefined };
  const same = header !== undefined && header.traceId === meta.traceId && header.spanId === meta.spanId;
  return { parent: meta, ambient: same ? undefined : header };
}

function textAt({ body }: Exchange, range: { start: number; end: number } | undefined): string | undefined {
  if (body === undefined || range === undefined) return undefined;
  const text = body.toString('utf8', range.start + 1, range.end - 1);
  return text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text;
}
