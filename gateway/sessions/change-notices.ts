// Change notices: tell the client of a recovered session to look at the lists again, since another server has them.

import { PassedStream } from '../core/passed-stream.ts';
import type { ByteStream, Reply, Sink } from '../core/reply.ts';
import { Notice } from '../mcp/methods.ts';

/** Capability and its notice (MCP 2025-11-25, server features). */
const notices = [
  ['tools', Notice.toolsChanged],
  ['prompts', Notice.promptsChanged],
  ['resources', Notice.resourcesChanged],
] as const;

/** The notices that a server with these `capabilities` may send; a client expects no others. */
export function noticesOf(capabilities: unknown): string[] {
  const declared = capabilities as Record<string, { listChanged?: unknown } | undefined> | undefined;
  return notices.flatMap(([name, method]) => (declared?.[name]?.listChanged === true ? [method] : []));
}

/** The event stream `reply` with notices in front. */
export function withNotices(reply: Reply, methods: readonly string[]): Reply {
  if (methods.length === 0 || reply.body === null || reply.body instanceof Uint8Array) return reply;
  return { ...reply, body: new Announced(reply.body, methods) };
}

class Announced extends PassedStream {
  readonly #methods: readonly string[];

  constructor(source: ByteStream, methods: readonly string[]) {
    super(source);
    this.#methods = methods;
  }

  override start(sink: Sink): void {
    const events = this.#methods.map((method) => `data: {"jsonrpc":"2.0","method":"${method}"}\n\n`);
    sink.write(Buffer.from(events.join('')));
    super.start(sink);
  }
}
