// Upstream requests: what is sent to an endpoint for an exchange.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import type { TraceContext } from '../core/trace.ts';
import type { Request } from '../http1/request-bytes.ts';
import { requestBody } from './request-body.ts';
import type { HeaderRules } from './request-headers.ts';
import { requestHeaders } from './request-headers.ts';

/** The request of `x` to `endpoint`, which is told of `trace` where there is one. */
export function requestOf(
  x: Exchange,
  { path }: Endpoint,
  rules: HeaderRules,
  trace: TraceContext | undefined,
): Request {
  return {
    path,
    method: x.inbound.method as 'POST',
    headers: requestHeaders(x, rules, trace),
    body: requestBody(x, trace),
  };
}
