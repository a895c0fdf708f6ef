// The page: the stages that each exchange passes, in order, and why they stand in this order.
import type { BodyMeter } from './core/exchange.ts';
import type { Handler, Stage } from './core/stage.ts';
import { compose } from './core/stage.ts';
import { receive } from './limits/receive.ts';
import type { AffinitySettings } from './sessions/affinity.ts';
import { affinity } from './sessions/affinity.ts';
import type { Catalogue } from './upstream/catalogue.ts';
import type { ForwardParts } from './upstream/forward.ts';
import { forward } from './upstream/forward.ts';
import { mirroredParamsStage } from './upstream/mirrored-params.ts';

/** What one route's chain is made of. */
export interface Parts extends ForwardParts {
  readonly observe: Stage;
  /** Undefined where no spans are exported. */
  readonly trace: Stage | undefined;
  /** Undefined where the configuration knows no credentials. */
  readonly authenticate: Stage | undefined;
  readonly bodies: BodyMeter;
  /** Undefined where every client may call every tool. */
  readonly authorize: Stage | undefined;
  /** Undefined where no client has a rate. */
  readonly rateLimit: Stage | undefined;
  readonly affinity: AffinitySettings;
  readonly timeouts: Stage;
  readonly cancelledCalls: Stage;
  readonly concurrency: Stage;
  /** Undefined where full results are not kept. */
  readonly fullResults: Stage | undefined;
  /** Undefined where the tool is not offered. */
  readonly adviceTool: Stage | undefined;
  readonly responseCap: Stage;
  /** Undefined where no tool has a limit of its own. */
  readonly toolConcurrency: Stage | undefined;
  /** Absent where lost sessions stay lost. */
  readonly recovery: Stage | undefined;
  /** None where the pool keeps nothing. */
  readonly cache: readonly Stage[];
  readonly catalogue: Catalogue;
}

/** Composes the handler of a route; bytes pass through untouched but for what a stage says that it edits. */
export function pipeline(parts: Parts): Handler {
  const stages: (Stage | undefined)[] = [
    parts.observe, // outermost: counts, times and logs whatever comes of an exchange (telemetry/observe.ts)
    parts.trace, // its span ends before the log line that names it (telemetry/tracing.ts)
    parts.authenticate, // by the head alone: an unknown caller buys no buffer (auth/authenticate.ts)
    receive(parts.bodies), // the body is read and peeked: what is not MCP ends here, and the era is known (limits/receive.ts)
    mirroredParamsStage(parts.catalogue), // Mcp-Param-* headers must say what the arguments say (upstream/mirrored-params.ts)
    parts.authorize, // outside of all that may answer: every answer is checked (auth/authorize.ts)
    parts.rateLimit, // before all that may answer: a cache hit spends quota too (limits/rate-limit.ts)
    affinity(parts.affinity), // opens the client's session id, seals a new session's; an unknown one costs nothing more (sessions/affinity.ts)
    parts.cancelledCalls, // notifications/cancelled frees the client's slot of that call (sessions/cancelled-calls.ts)
    parts.fullResults, // the gateway's own answers: full texts of cut results (limits/results-resource.ts)
    parts.adviceTool, // one more of them: the tool gateway_advice (advise/advice-tool.ts)
    parts.timeouts, // the clock covers all that may wait: queues, connects, upstreams (limits/timeouts.ts)
    ...parts.cache, // after all that may refuse, since hits obey rates and rules too; a hit needs no slot (cache/serve.ts)
    parts.concurrency, // a client's own slots, and its queue for them (limits/concurrency.ts)
    parts.toolConcurrency, // shared by all clients, so after their own: nobody queues here without a slot (limits/tool-concurrency.ts)
    parts.responseCap, // a result is cut before anybody keeps or sends it (limits/response-cap.ts)
    parts.recovery, // innermost: the stages outside see one exchange, however often it moves (sessions/recovery.ts)
  ];
  return compose(
    stages.filter((stage) => stage !== undefined),
    forward(parts), // picks an endpoint, sends, follows the answer, and tries elsewhere
  );
}
