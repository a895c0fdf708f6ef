// Figures: what each tool, endpoint and client did in the last ten minutes; the page and the advice read them.
import type { Endpoint } from '../core/endpoint.ts';
import type { Exchange } from '../core/exchange.ts';
import { OTHER } from './operations.ts';
import { Window, type WindowFigures } from './window.ts';

/** Series told apart of each kind; what comes after shares one. */
const MAX_TOOLS = 500;
const MAX_CLIENTS = 200;

/** A tool of a pool. */
export interface ToolFigures extends WindowFigures {
  readonly pool: string;
  /** The upstream's own name for it, or `_other`. */
  readonly tool: string;
}

/** A client, as limits know it. */
export interface ClientFigures extends WindowFigures {
  readonly client: string;
}

/** Records calls at their end and reads them back by the window; one for the life of the process. */
export class Figures {
  readonly #all = new Window();
  readonly #tools = new Map<string, Map<string, Window>>();
  readonly #clients = new Map<string, Window>();
  readonly #endpoints = new WeakMap<Endpoint, Window>();
  readonly #now: () => number;
  #toolCount = 0;

  /** `now`: monotonic ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** An operation of a client has ended; `tool` is a tool's label for a tool call, else empty. */
  operation(
    x: Exchange,
    pool: string,
    tool: string,
    durationMs: number,
    upstreamMs: number,
    now = this.#now(),
  ): void {
    const { errorType, cacheStatus } = x;
    this.#all.record(now, durationMs, upstreamMs, errorType, cacheStatus);
    this.#client(x.principal.id, now).record(now, durationMs, upstreamMs, errorType, cacheStatus);
    if (tool !== '') this.#tool(pool, tool).record(now, durationMs, upstreamMs, errorType, cacheStatus);
  }

  /** An attempt at an endpoint has ended. */
  attempt(endpoint: Endpoint, tookMs: number, errorType: string | undefined, now = this.#now()): void {
    let window = this.#endpoints.get(endpoint);
    if (window === undefined) {
      window = new Window();
      this.#endpoints.set(endpoint, window);
    }
    window.record(now, tookMs, tookMs, errorType, undefined);
  }

  /** Of all operations together. */
  all(): WindowFigures {
    return this.#all.read(this.#now());
  }

  /** Every tool that was called since start, by pool and name. */
  tools(): ToolFigures[] {
    const now = this.#now();
    return [...this.#tools].flatMap(([pool, tools]) =>
      Array.from(tools, ([tool, window]) => ({ pool, tool, ...window.read(now) })),
    );
  }

  /** Every client that called lately. */
  clients(): ClientFigures[] {
    const now = this.#now();
    return Array.from(this.#clients, ([client, window]) => ({ client, ...window.read(now) }));
  }

  /** Of an endpoint, over its attempts; a gateway that never tried it has none. */
  endpoint(endpoint: Endpoint): WindowFigures {
    return (this.#endpoints.get(endpoint) ?? new Window()).read(this.#now());
  }

  #tool(pool: string, tool: string): Window {
    let tools = this.#tools.get(pool);
    if (tools === undefined) {
      tools = new Map();
      this.#tools.set(pool, tools);
    }
    const label = tools.has(tool) || this.#toolCount < MAX_TOOLS ? tool : OTHER;
    let window = tools.get(label);
    if (window === undefined) {
      window = new Window();
      tools.set(label, window);
      this.#toolCount++;
    }
    return window;
  }

  #client(id: string, now: number): Window {
    const known = this.#clients.get(id);
    if (known !== undefined) return known;
    if (this.#clients.size >= MAX_CLIENTS) this.#forgetIdleClients(now);
    if (this.#clients.size >= MAX_CLIENTS && id !== OTHER) return this.#client(OTHER, now);
    const window = new Window();
    this.#clients.set(id, window);
    return window;
  }

  #forgetIdleClients(now: number): void {
    for (const [id, window] of this.#clients) if (window.idle(now)) this.#clients.delete(id);
  }
}
