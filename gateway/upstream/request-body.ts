// Bodies of upstream requests: the client's bytes, but for the trace context that names this hop.
import type { Exchange } from '../core/exchange.ts';
import type { TraceContext } from '../core/trace.ts';

/**
 * The body of an attempt. Where `_meta` had a `traceparent` it is replaced, so that the upstream sees one parent in
 * header and body; every other byte crosses unchanged.
 */
export function requestBody(
  { body, envelope, inbound }: Exchange,
  trace: TraceContext | undefined,
): Buffer | null {
  if (body === undefined) return null;
  const range = envelope.trace?.traceparent;
  if (trace === undefined || range === undefined || !inbound.traced) return body;
  const value = Buffer.from(`"${trace.traceparent}"`);
  return Buffer.concat([body.subarray(0, range.start), value, body.subarray(range.end)]);
}
