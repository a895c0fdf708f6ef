// The catalogue: which tools and prompts a pool lists; bounds metric labels and checks headers.
import { Method } from '../mcp/methods.ts';
import { type MirroredParam, mirroredParams } from '../mcp/param-headers.ts';
import { OwnList } from './own-list.ts';
import type { Pool } from './pool.ts';

/** How long a call waits for a new list, in ms: it holds its body meanwhile, and has no deadline yet. */
const PATIENCE_MS = 1000;
/** Calls of a pool that wait for a new list at once. */
export const MOST_WAITING = 100;

/** What the gateway knows of one tool. */
export interface KnownTool {
  readonly name: string;
  /** `annotations` as listed: hints, to be believed only where the pool says so. */
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly mirrored: readonly MirroredParam[];
  /** Characters of the definition as JSON. */
  readonly chars: number;
  readonly description: string | undefined;
  /** JSON Schema of the arguments, as listed. */
  readonly inputSchema: unknown;
}

/** The lists of one pool; empty until the first answers have arrived. Prompts are asked for when a client gets one. */
export class Catalogue {
  readonly prompts: OwnList<true>;
  readonly #tools: OwnList<KnownTool>;
  #waiting = 0;

  /** `known`: the tools of the pool's predecessor, until the list has been asked for. `now`: monotonic ms. */
  constructor(
    pool: Pool,
    known: ReadonlyMap<string, KnownTool> = new Map(),
    now: () => number = () => performance.now(),
  ) {
    this.#tools = new OwnList({ pool, method: Method.toolsList, key: 'tools', read: readTool, known, now });
    this.prompts = new OwnList({ pool, method: 'prompts/list', key: 'prompts', read: () => true, now });
  }

  get tools(): ReadonlyMap<string, KnownTool> {
    return this.#tools.entries;
  }

  /** The tool of this name, if the pool lists it; an unknown name makes the list be asked for again, in its time. */
  find(name: string): KnownTool | undefined {
    return this.#tools.find(name);
  }

  /** Whether a tool says that it changes nothing and depends on nothing outside (MCP 2025-11-25, tools, annotations). */
  isReadOnly(name: string): boolean {
    const annotations = this.find(name)?.annotations;
    return annotations?.['readOnlyHint'] === true && annotations['openWorldHint'] === false;
  }

  /** Asks an endpoint for its tools unless that was done a moment ago; rejects when it does not answer with a list. */
  refresh(): Promise<void> {
    return this.#tools.refresh();
  }

  /**
   * As `refresh`, for calls: resolves without the list where it takes too long, or where too many wait for it already.
   * It goes on being asked for, and the next call has it.
   */
  async awaitNew(): Promise<void> {
    if (this.#waiting >= MOST_WAITING) return;
    const asked = this.refresh().catch(() => {});
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PATIENCE_MS);
    this.#waiting++;
    await Promise.race([asked, late]);
    this.#waiting--;
    clearTimeout(timer);
  }

  /** The server says, or may have said, that its tools have changed. */
  outdate(): void {
    this.#tools.outdate();
  }

  /** Asks no more; resolves when what calls may wait for has been answered, and no session of it is left. */
  async rest(): Promise<void> {
    await Promise.all([this.#tools.rest(), this.prompts.rest()]);
  }

  /** As `rest`, but waits for no answer. */
  async close(): Promise<void> {
    await Promise.all([this.#tools.close(), this.prompts.close()]);
  }
}

function readTool(name: string, tool: Readonly<Record<string, unknown>>): KnownTool {
  const { annotations, description, inputSchema } = tool;
  const isRecord = typeof annotations === 'object' && annotations !== null;
  return {
    name,
    annotations: isRecord ? (annotations as Readonly<Record<string, unknown>>) : {},
    mirrored: mirroredParams(inputSchema),
    chars: JSON.stringify(tool).length,
    description: typeof description === 'string' ? description : undefined,
    inputSchema,
  };
}
