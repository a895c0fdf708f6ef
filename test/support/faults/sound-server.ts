// What the fault upstream says while nothing is wrong: a small MCP server of either era, without an SDK.

import type { Received } from './received.ts';
import { FAULTS } from './vocabulary.ts';

/** How the sound part behaves. `sessions` gives each `initialize` an id and asks for it afterwards. */
export interface SoundOptions {
  era: 'legacy' | 'modern' | 'dual';
  sessions: boolean;
  /** The name by which an answer tells which upstream gave it. */
  name: string;
  /** The only revision that it knows: it refuses others, as servers of that time do. Of the sessionful era. */
  revision?: string;
  /** Opens a session for whatever comes without one, what it refuses included. */
  strays?: boolean;
}

/** A sound answer: the status, the headers of its own, and the JSON-RPC result or error where there is one. */
export interface SoundAnswer {
  status: number;
  headers: Record<string, string>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

const MODERN = '2026-07-28';
const LAST_SESSIONFUL = '2025-11-25';
const CAPABILITIES = { tools: { listChanged: true } };
const CACHE_HINTS = { ttlMs: 0, cacheScope: 'private' };

/** Answers one request as a sound server of `options.era` would; `sessions` holds the ids that are alive. */
export function soundAnswer(request: Received, options: SoundOptions, sessions: Set<string>): SoundAnswer {
  const { message } = request;
  const revision = options.revision ?? LAST_SESSIONFUL;
  const said = request.headers['mcp-protocol-version'] ?? revision;
  if (options.revision !== undefined && said !== revision) {
    const headers = options.strays === true ? newSession(options, sessions) : {};
    return { ...sessionProblem(400, 'Bad Request: Unsupported protocol version'), headers };
  }
  if (request.method === 'DELETE') {
    return { status: sessions.delete(String(request.headers['mcp-session-id'])) ? 200 : 404, headers: {} };
  }
  if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST, DELETE' } };
  if (message?.id === undefined) return { status: message === undefined ? 400 : 202, headers: {} };
  const isModern = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  const serverInfo = { name: options.name, version: '1.0.0' };
  if (isModern && options.era === 'legacy') return sessionProblem(400, 'Bad Request: Session ID required');
  if (!isModern && options.era === 'modern') {
    const data = { supported: [MODERN], requested: message.params?.protocolVersion ?? null };
    return {
      status: 400,
      headers: {},
      error: { code: -32022, message: 'Unsupported protocol version', data },
    };
  }
  if (message.method === 'initialize') {
    const headers = options.sessions ? newSession(options, sessions) : {};
    const result = { protocolVersion: revision, capabilities: CAPABILITIES, serverInfo };
    return { status: 200, headers, result };
  }
  if (options.sessions && !isModern) {
    const id = request.headers['mcp-session-id'];
    if (id === undefined) return sessionProblem(400, 'Bad Request: Session ID required');
    if (!sessions.has(String(id))) return sessionProblem(404, 'Session not found');
  }
  const result = resultOf(request, options.name);
  const extras = isModern ? { resultType: 'complete', ...result.modernOnly } : {};
  return { status: 200, headers: {}, result: { ...result.both, ...extras } };
}

function newSession({ name }: SoundOptions, sessions: Set<string>): Record<string, string> {
  const id = `${name}-${crypto.randomUUID()}`;
  sessions.add(id);
  return { 'mcp-session-id': id };
}

function sessionProblem(status: 400 | 404, message: string): SoundAnswer {
  return { status, headers: {}, error: { code: status === 404 ? -32001 : -32000, message } };
}

function resultOf(
  { message, nonce }: Received,
  name: string,
): { both: Record<string, unknown>; modernOnly?: Record<string, unknown> } {
  switch (message?.method) {
    case 'server/discover':
      return {
        both: { supportedVersions: [MODERN], capabilities: CAPABILITIES },
        modernOnly: { ...CACHE_HINTS, serverInfo: { name, version: '1.0.0' } },
      };
    case 'tools/list':
      return { both: { tools: TOOLS }, modernOnly: CACHE_HINTS };
    case 'tools/call': {
      const text = JSON.stringify({ upstream: name, tool: message.params?.name, nonce });
      return { both: { content: [{ type: 'text', text }] } };
    }
    default:
      return { both: {} };
  }
}

const TOOLS = Object.keys(FAULTS).map((name) => ({
  name,
  description: `Answers with the fault ${name}`,
  inputSchema: { type: 'object', properties: { nonce: { type: 'string' } } },
}));
