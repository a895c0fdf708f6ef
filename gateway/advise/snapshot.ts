// Snapshots: all that the rules go by, figures over a window; where a source cannot know something, it is undefined.
import type { Config } from '../../config/schema.ts';
import type { Sums } from './calls.ts';
import type { Histogram } from './histogram.ts';
import type { Level } from './load.ts';

/** One tool at one endpoint; an empty endpoint stands for calls that reached none. */
export interface Cell {
  readonly tool: string;
  readonly endpoint: string;
  readonly sums: Sums;
}

export interface PoolFigures {
  readonly name: string;
  readonly cells: readonly Cell[];
  /** What was under way, by slots of ten seconds. */
  readonly levels: readonly Level[];
}

export interface ClientFigures {
  readonly client: string;
  readonly calls: number;
  /** Calls turned away because slots and queue were full. */
  readonly refused: number;
  /** Calls that spent over 50 ms in the gateway. */
  readonly waited: number;
  /** Time in the gateway and not with an upstream, in ms. */
  readonly waits: Histogram;
  readonly levels: readonly Level[];
}

/** What the calls of a window add up to. */
export interface CallFigures {
  readonly windowS: number;
  readonly pools: readonly PoolFigures[];
  readonly clients: readonly ClientFigures[];
}

/** What keeping results for one time would have brought. */
export interface Repeats {
  readonly ttlMs: number;
  /** Calls that a result of the same client's would have answered, and of anybody's. */
  readonly sameClient: number;
  readonly anyClient: number;
}

/** What a tool's calls repeat: the figures of the ghost cache, which keeps keys and no results. */
export interface RepeatFigures {
  readonly pool: string;
  readonly tool: string;
  readonly lookups: number;
  /** The shortest time first. */
  readonly repeats: readonly Repeats[];
  /** Results set side by side with the one before of the same arguments, and those that differed: same client, other client. */
  readonly compared: number;
  readonly changed: number;
  readonly comparedAcross: number;
  readonly changedAcross: number;
}

/** One minute of a process's life. */
export interface MinutePoint {
  /** Minutes since the process began. */
  readonly minute: number;
  /** The least heap of the minute, which is what collections leave; and the least resident memory. In bytes. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly sessions: number;
  readonly streams: number;
  readonly cacheBytes: number;
  /** Shares of the minute, from 0 to 1: the event loop busy, and cgroup periods throttled. */
  readonly busy: number;
  readonly throttled: number;
}

export interface ProcessFigures {
  readonly points: readonly MinutePoint[];
  readonly heapLimitBytes: number;
  readonly cores: number;
}

/** The tools that a pool lists. */
export interface ToolList {
  readonly pool: string;
  readonly tools: readonly {
    readonly name: string;
    /** Characters of the tool's definition as JSON. */
    readonly chars: number;
    /** `readOnlyHint`, or `idempotentHint` of something that does not change; undefined: not said. */
    readonly readOnly: boolean | undefined;
  }[];
}

/** The result cache of the process. */
export interface CacheFigures {
  readonly bytes: number;
  readonly evictions: number;
}

/** What the rules go by. */
export interface Snapshot extends CallFigures {
  readonly source: 'live' | 'log';
  readonly config: Config | undefined;
  /** By tool; undefined where nobody watched. */
  readonly repeats: readonly RepeatFigures[] | undefined;
  readonly process: ProcessFigures | undefined;
  readonly toolLists: readonly ToolList[] | undefined;
  readonly cache: CacheFigures | undefined;
}
