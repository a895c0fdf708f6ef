// Recovery settings: what the recovery of a pool's sessions goes by, from its configuration.
import type { Config } from '../config/schema.ts';
import { allClosed } from './core/all-closed.ts';
import type { Exchange } from './core/exchange.ts';
import type { Reply } from './core/reply.ts';
import type { Session } from './core/session.ts';
import type { PoolParts } from './pool-parts.ts';
import { noticesOf } from './sessions/change-notices.ts';
import { endMovedStreams } from './sessions/moved-streams.ts';
import type { RecoverySettings } from './sessions/recovery.ts';
import type { Shared } from './shared.ts';
import { reopen } from './upstream/reopen.ts';
import { safeTools } from './upstream/safe-tools.ts';
import { isForgotten } from './upstream/session-check.ts';

/** How sessions of a pool are recovered. */
export function recoverySettings(
  { own, pool, catalogue, dismissals, openings, repeats }: PoolParts,
  config: Config,
  shared: Shared,
): RecoverySettings {
  const { telemetry } = shared;
  const recoveries = telemetry.instruments.counter('mcp_gateway_session_recoveries_total');
  return {
    mode: own.session_recovery === 'always' ? 'always' : 'auto',
    records: shared.records,
    places: shared.places,
    alone: shared.isAlone(config),
    readsOnly: safeTools(own, catalogue),
    endpoint: (id) => pool.endpoint(id),
    hasEnded: (session) => shared.ended.has(session),
    async reopen(x, hello, wishes, gone) {
      const opened = await reopen({ pool, openings, x, hello, wishes, gone });
      if (opened === undefined) return undefined;
      const { capabilities, ...place } = opened;
      return { place, notices: noticesOf(capabilities) };
    },
    retry(x, again) {
      const { failure } = x;
      const { retries } = repeats;
      if (failure === undefined || !retries.takeOne(x, failure, performance.now())) return undefined;
      return again().then((reply) => {
        if (failure.sent) retries.ended(endOf(x, reply) ?? failure);
        return reply;
      });
    },
    isForgotten: (x) => isForgotten(pool, x),
    endStreams: (nonce, place) => endMovedStreams(telemetry.live, nonce, place),
    dismiss: (place) => dismissals.dismiss(place),
    leave(session) {
      void restOf(telemetry.live, session).then(() => dismissals.dismiss(session));
    },
    count: (result) => recoveries.series({ pool: pool.name, result }).add(),
  };
}

/** How an attempt that `reply` is of has ended; undefined where it has failed. */
function endOf(
  { cancelled, clientGone }: Exchange,
  { refusal, status }: Reply,
): 'answered' | 'abandoned' | undefined {
  if (cancelled || clientGone || refusal?.reason === 'overloaded') return 'abandoned';
  return refusal === undefined && status < 500 ? 'answered' : undefined;
}

/** Resolves when the calls have ended that an upstream session has under way; its streams have been ended. */
function restOf(live: Iterable<Exchange>, { endpointId, upstreamId }: Session): Promise<void> {
  return allClosed(
    [...live].filter(
      ({ session, endpoint, stream }) =>
        session?.upstreamId === upstreamId && endpoint?.id === endpointId && !stream,
    ),
  );
}
