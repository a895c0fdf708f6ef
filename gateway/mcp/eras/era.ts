// Eras: families of protocol revisions that share a wire shape; the gateway asks the era, never its name.

import type { Envelope } from '../envelope.ts';
import type { Inbound } from '../inbound.ts';

/** A fault of a request by the rules of its era; `code` is the JSON-RPC code that the specification gives it. */
export interface EraFault {
  readonly code: number;
  readonly message: string;
}

/**
 * The form that a revision gives to results: `typed` says its type, and structured content is any value; `structured` has
 * objects only; `plain` knows neither structured content nor resource links (MCP 2026-07-28 and 2025-06-18, changelogs).
 */
export type ResultForm = 'typed' | 'structured' | 'plain';

/** What differs between the eras, as far as a proxy can tell. */
export interface Era {
  /** Word for logs and metrics. */
  readonly name: 'legacy' | 'modern';
  /** JSON-RPC code of a resource that is not there. */
  readonly resourceNotFound: number;
  /** The form of results in this revision; undefined: the client did not say its revision. */
  resultForm(revision: string | undefined): ResultForm;
  /** Members that every result of `resources/read` has besides its own, as JSON with a comma behind each. */
  readonly readResultMembers: string;
  /** Whether `Mcp-Session-Id` means anything. */
  readonly sessionful: boolean;
  /** Whether a client that hangs up thereby cancels its request. */
  readonly disconnectCancels: boolean;
  /** How an upstream learns that nobody waits any more: by a notification on its session, or by the closed stream. */
  readonly cancelsBy: 'notification' | 'disconnect';
  /** Whether results say their type and how long they are fresh. */
  readonly typedResults: boolean;
  /** Whether the answer to this message stays open as a stream of change notices. */
  isStream(method: string): boolean;
  /** The event-stream text that ends a long-lived stream in good order, so that its client opens it anew. */
  farewell(envelope: Envelope): string;
  /** Checks headers against the body. */
  check(inbound: Inbound, envelope: Envelope): EraFault | undefined;
  /** Protocol headers that cross to the upstream, pushed as name, value. */
  pushHeaders(inbound: Inbound, into: string[]): void;
}
