// What a fault is: something that goes wrong with the reply to one request that has arrived whole.
import type { Wire } from './wire.ts';

/** The request at hand, as a fault sees it. */
export interface FaultyCall {
  wire: Wire;
  /** The request's id as it was written, so that an id JavaScript cannot hold comes back unchanged. */
  id: string;
  /** `params.arguments`, or an empty object. */
  args: Record<string, unknown>;
  /** The JSON-RPC reply that a sound server would give. */
  goodReply: string;
  /** The fault's own name, for those that are a family (`status-429`). */
  name: string;
  /** Milliseconds between two bytes where a fault is slow. */
  dripMs: number;
}

/** Writes a faulty reply; a promise resolves when it is done. The connection is kept unless the fault closed it. */
export type Fault = (call: FaultyCall) => unknown;

/** A fault vocabulary: names and what they do. */
export type Faults = Readonly<Record<string, Fault>>;
