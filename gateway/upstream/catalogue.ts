// The catalogue: which tools a pool lists, as the gateway itself has asked; bounds metric labels and checks headers.
import { Method } from '../mcp/methods.ts';
import { type MirroredParam, mirroredParams } from '../mcp/param-headers.ts';
import { OwnClient } from './own-client.ts';
import type { Pool } from './pool.ts';
import { PromptNames } from './prompt-names.ts';

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

const LIST_TIMEOUT_MS = 10_000;
/** At most one refresh in this time, however many unknown names clients call. */
const REFRESH_EVERY_MS = 10_000;
const MAX_PAGES = 100;
const MAX_TOOLS = 10_000;

/** The tools of one pool; empty until the first list has arrived. */
export class Catalogue {
  readonly prompts: PromptNames;
  readonly #pool: Pool;
  readonly #now: () => number;
  #tools: ReadonlyMap<string, KnownTool>;
  #askedAt = Number.NEGATIVE_INFINITY;

  /** `known`: the tools of the pool's predecessor, until the list has been asked for. `now`: monotonic ms. */
  constructor(
    pool: Pool,
    known: ReadonlyMap<string, KnownTool> = new Map(),
    now: () => number = () => performance.now(),
  ) {
    this.#pool = pool;
    this.#tools = known;
    this.#now = now;
    this.prompts = new PromptNames(pool, now);
  }

  get tools(): ReadonlyMap<string, KnownTool> {
    return this.#tools;
  }

  /** The tool of this name, if the pool lists it; an unknown name makes the list be asked for again, in its time. */
  find(name: string): KnownTool | undefined {
    const tool = this.#tools.get(name);
    if (tool === undefined && this.#isDue) this.refresh().catch(() => {});
    return tool;
  }

  /** Whether a tool says that it changes nothing and depends on nothing outside (MCP 2025-11-25, tools, annotations). */
  isReadOnly(name: string): boolean {
    const annotations = this.find(name)?.annotations;
    return annotations?.['readOnlyHint'] === true && annotations['openWorldHint'] === false;
  }

  /** Asks an endpoint for its list unless that was done a moment ago; rejects when it does not answer. */
  async refresh(): Promise<void> {
    const endpoint = this.#pool.available[0];
    if (!this.#isDue || endpoint === undefined) return;
    this.#askedAt = this.#now();
    const client = new OwnClient(this.#pool, endpoint);
    try {
      this.#tools = await list(client);
    } finally {
      await client.close().catch(() => {});
    }
  }

  get #isDue(): boolean {
    return this.#now() - this.#askedAt >= REFRESH_EVERY_MS;
  }
}

async function list(client: OwnClient): Promise<Map<string, KnownTool>> {
  const tools = new Map<string, KnownTool>();
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES && tools.size < MAX_TOOLS; page++) {
    const params = cursor === undefined ? {} : { cursor };
    const { result } = await client.request(Method.toolsList, params, LIST_TIMEOUT_MS);
    for (const tool of Array.isArray(result?.['tools']) ? result['tools'] : []) {
      if (typeof tool?.name !== 'string') continue;
      const { name, annotations, inputSchema } = tool;
      const description = typeof tool.description === 'string' ? tool.description : undefined;
      const hints = typeof annotations === 'object' && annotations !== null ? annotations : {};
      const mirrored = mirroredParams(inputSchema);
      const { length: chars } = JSON.stringify(tool);
      tools.set(name, { name, annotations: hints, mirrored, chars, description, inputSchema });
    }
    cursor = result?.['nextCursor'];
    if (typeof cursor !== 'string') break;
  }
  return tools;
}
