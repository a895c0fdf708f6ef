// The access log: one `tool_execution` line a call, its text put together from parts that are quoted once.
import type { Exchange } from '../core/exchange.ts';
import { quote } from './log-format.ts';
import { type Logger, timestamp } from './logger.ts';
import { OTHER } from './operations.ts';
import { callersOf } from './trace-context.ts';

/** Calls of one tool since start. */
interface Tally {
  calls: number;
  errors: number;
}

/** The tools of one pool. */
interface PoolTallies {
  readonly quotedPool: string;
  readonly tools: Map<string, Tally>;
}

/** Tools counted in one pool, and characters of a name that are written. */
const MAX_TALLIES = 2000;
const MAX_TEXT = 256;

/** What a line says beside the exchange's own fields. Times in ms. */
export interface Call {
  readonly pool: string;
  /** As the client spelt it. */
  readonly tool: string | undefined;
  /** As metrics name it. */
  readonly label: string;
  readonly durationMs: number;
  /** With upstreams, over all attempts; undefined when there was none. */
  readonly upstreamMs: number | undefined;
}

/** Writes the lines and keeps each tool's running figures. */
export class AccessLog {
  readonly #log: Logger;
  readonly #pools = new Map<string, PoolTallies>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Counts a call that has ended and writes its line: never arguments, ids or session ids. */
  record(x: Exchange, { pool, tool, label, durationMs, upstreamMs }: Call): void {
    const { errorType, endpoint, era } = x;
    const { quotedPool, tools } = this.#pool(pool);
    const tally = tallyOf(tools, label);
    tally.calls++;
    if (errorType !== undefined) tally.errors++;
    if (!this.#log.writesInfo) return;
    const { name: eraName } = era;
    const trace = x.trace?.traceId ?? callersOf(x).parent?.traceId;
    this.#log.line(
      `{"event":"tool_execution","time":"${timestamp(Date.now())}","level":"info"` +
        `,"client":${text(x.principal.id)},"pool":${quotedPool}` +
        `,"endpoint":${endpoint === undefined ? 'null' : quote(endpoint.label)}` +
        `,"tool":${tool === undefined ? 'null' : text(tool)},"duration_ms":${decimal(durationMs)}` +
        `,"upstream_ms":${upstreamMs === undefined ? 'null' : decimal(upstreamMs)}` +
        `,"queue_ms":${x.queueMs === 0 ? '0' : decimal(x.queueMs)}` +
        `,"success":${errorType === undefined}` +
        `,"error_type":${errorType === undefined ? 'null' : text(errorType)}` +
        `,"cache":${x.cacheStatus === undefined ? 'null' : `"${x.cacheStatus}"`},"attempts":${x.attempts},"response_chars":${x.replyBytes},"truncated":${x.truncated}` +
        `,"total_calls":${tally.calls},"error_rate":${Math.round((tally.errors / tally.calls) * 1e4) / 1e4}` +
        `,"trace_id":${trace === undefined ? 'null' : `"${trace}"`},"era":"${eraName}"}\n`,
    );
  }

  #pool(pool: string): PoolTallies {
    let tallies = this.#pools.get(pool);
    if (tallies === undefined) {
      tallies = { quotedPool: quote(pool), tools: new Map() };
      this.#pools.set(pool, tallies);
    }
    return tallies;
  }
}

function tallyOf(tools: Map<string, Tally>, label: string): Tally {
  let tally = tools.get(label);
  if (tally === undefined && tools.size >= MAX_TALLIES) tally = tools.get(OTHER);
  if (tally === undefined) {
    tally = { calls: 0, errors: 0 };
    tools.set(label, tally);
  }
  return tally;
}

function text(value: string): string {
  return quote(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value);
}

/** A time in ms with three decimals; a third of the cost of having V8 find a double's shortest form. */
function decimal(ms: number): string {
  const us = Math.round(ms * 1000);
  const whole = Math.floor(us / 1000);
  const rest = us - whole * 1000;
  return `${whole}.${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}`;
}
