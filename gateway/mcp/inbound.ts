// The inbound request: the head of an HTTP request, reduced to the fields that the gateway knows.

/** One client request before its body is read. Header values are as sent; a field the client left out is undefined. */
export class Inbound {
  method = 'POST';
  /** Path of the route that matched. */
  path = '';
  /** Address of the client: the peer, or what a trusted proxy says of it. */
  client = '';
  proto: 'http' | 'https' = 'http';
  host: string | undefined;
  origin: string | undefined;
  contentType: string | undefined;
  contentLength: string | undefined;
  accept: string | undefined;
  authorization: string | undefined;
  apiKey: string | undefined;
  cacheControl: string | undefined;
  sessionId: string | undefined;
  lastEventId: string | undefined;
  protocolVersion: string | undefined;
  mcpMethod: string | undefined;
  mcpName: string | undefined;
  traceparent: string | undefined;
  tracestate: string | undefined;
  baggage: string | undefined;
  /** False where no trace context is to be heeded or passed on; the bytes of a body stay what they are. */
  traced = true;
  xForwardedFor: string | undefined;
  xForwardedProto: string | undefined;
  xForwardedHost: string | undefined;
  /** `Mcp-Param-*` headers as name, value, name, value. */
  mcpParams: string[] | undefined;
  /** All headers as name, value, name, value, for the few that a pool forwards by name. */
  raw: readonly string[] = [];
  /** Name of a header that came twice though it may come once; such a request is refused. */
  repeated: string | undefined;
  /** `X-Forwarded-*`, `X-Real-IP` and `Forwarded` for the upstream, as name, value, name, value. */
  forwarded: readonly string[] = [];
}
