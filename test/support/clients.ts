// Clients for tests: the official SDKs' of both lines, and a raw caller that shows what crossed the wire.
import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import { request } from 'node:http';
import type { ClientOptions as V2ClientOptions } from '@modelcontextprotocol/client';
import {
  Client as V2Client,
  StreamableHTTPClientTransport as V2Transport,
} from '@modelcontextprotocol/client';
import type { ClientOptions as V1ClientOptions } from '@modelcontextprotocol/sdk/client/index.js';
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { SseEvent } from './sse-events.ts';
import { parseOrUndefined, sseEvents } from './sse-events.ts';

const CLIENT_INFO = { name: 'test-client', version: '1.0.0' };

/** A client of SDK v1 (2025-11-25), its transport for session ids, and `close`, which also ends the session. */
export interface ConnectedV1 {
  client: V1Client;
  transport: V1Transport;
  close(): Promise<void>;
}

/** Connects an SDK v1 client over Streamable HTTP; `prepare` runs before, to set handlers. */
export async function connectV1(
  url: string,
  options: {
    client?: V1ClientOptions;
    headers?: Record<string, string>;
    prepare?: (client: V1Client) => void;
  } = {},
): Promise<ConnectedV1> {
  const client = new V1Client(CLIENT_INFO, options.client);
  options.prepare?.(client);
  const transport = new V1Transport(new URL(url), { requestInit: { headers: options.headers ?? {} } });
  await client.connect(transport as Transport);
  return {
    client,
    transport,
    async close() {
      await transport.terminateSession().catch(() => undefined);
      await client.close();
    },
  };
}

/** A client of SDK v2, either era. */
export interface ConnectedV2 {
  client: V2Client;
  transport: V2Transport;
  close(): Promise<void>;
}

/** Connects an SDK v2 client over Streamable HTTP; `modern` pins 2026-07-28, `auto` probes. */
export async function connectV2(
  url: string,
  options: {
    era?: 'modern' | 'legacy' | 'auto';
    client?: V2ClientOptions;
    headers?: Record<string, string>;
    prepare?: (client: V2Client) => void;
  } = {},
): Promise<ConnectedV2> {
  const era = options.era ?? 'modern';
  const mode = era === 'modern' ? { pin: '2026-07-28' } : era;
  const client = new V2Client(CLIENT_INFO, { ...options.client, versionNegotiation: { mode } });
  options.prepare?.(client);
  const transport = new V2Transport(new URL(url), { requestInit: { headers: options.headers ?? {} } });
  await client.connect(transport);
  return {
    client,
    transport,
    async close() {
      await transport.terminateSession().catch(() => undefined);
      await client.close();
    },
  };
}

/** What came back: the body as text, as JSON where it is JSON, as events where it is an event stream. */
export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  text: string;
  json: unknown;
  events: SseEvent[];
  /** False when the connection was cut before the body's end. */
  complete: boolean;
}

/**
 * Sends one HTTP request on a connection of its own and reads the whole answer. An object body is sent as JSON,
 * a string or bytes as they are. Rejects only when no status line came back.
 */
export function rawCall(
  url: string,
  body?: unknown,
  headers: Record<string, string | string[]> = {},
  options: RequestOptions = {},
): Promise<RawAnswer> {
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const defaults = {
    accept: 'application/json, text/event-stream',
    ...(bytes !== undefined && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(bytes),
    }),
  };
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: bytes === undefined ? 'GET' : 'POST',
      agent: false,
      ...options,
      headers: { ...defaults, ...headers },
    });
    // Once there is a response, a reset is not a rejection but an answer that is not complete.
    call.on('error', reject);
    call.once('response', (response) => {
      call.off('error', reject).on('error', () => undefined);
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      // A cut connection raises an error here and ends with 'close' as a whole answer does; `complete` tells.
      response.on('error', () => undefined);
      response.once('close', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const isStream = response.headers['content-type']?.startsWith('text/event-stream') ?? false;
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          text,
          json: parseOrUndefined(text),
          events: isStream ? sseEvents(text) : [],
          complete: response.complete,
        });
      });
    });
    call.end(bytes);
  });
}
