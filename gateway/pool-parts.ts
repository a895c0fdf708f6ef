// Pool parts: one pool of a running configuration, with all that belongs to it whatever routes lead there.
import { isDeepStrictEqual } from 'node:util';
import type { Config, PoolConfig } from '../config/schema.ts';
import type { Exchange } from './core/exchange.ts';
import type { RuleOf } from './core/tool-rules.ts';
import { compileToolRules } from './core/tool-rules.ts';
import { systemClock } from './health/clock.ts';
import { responseChars } from './limits/response-cap.ts';
import type { Shared } from './shared.ts';
import { Catalogue } from './upstream/catalogue.ts';
import { Dismissals } from './upstream/dismissals.ts';
import type { Names } from './upstream/new-names.ts';
import { noNames, withoutEndpoint } from './upstream/new-names.ts';
import { Openings } from './upstream/openings.ts';
import { Pool } from './upstream/pool.ts';
import { poolSettings } from './upstream/pool-settings.ts';
import { PoolWatch } from './upstream/pool-watch.ts';
import type { Repeats } from './upstream/repeats.ts';
import { buildRepeats } from './upstream/repeats.ts';
import type { RetryReason } from './upstream/retry.ts';

export interface PoolParts {
  /** What the configuration says of it. */
  readonly own: PoolConfig;
  readonly pool: Pool;
  readonly watch: PoolWatch;
  readonly catalogue: Catalogue;
  readonly repeats: Repeats;
  readonly dismissals: Dismissals;
  /** Sessions of clients that are opened anew. */
  readonly openings: Openings;
  /** Undefined where no tool has a rule. */
  readonly ruleOf: RuleOf | undefined;
  /** Characters that the result of an exchange may have. */
  readonly charsOf: (x: Exchange) => number;
}

/**
 * Makes the parts of the pool that `own` configures. Of `previous`, those of this name before a reload, it takes over the
 * pool itself, its watch and its catalogue where the settings are the same, else the live state of endpoints that stay;
 * and in any case what retries and hedges have spent and learnt, and the sessions that are being opened.
 */
export function poolParts(
  own: PoolConfig,
  config: Config,
  { telemetry, resolve }: Shared,
  previous: PoolParts | undefined,
  names: Names = noNames,
): PoolParts {
  const { name } = own;
  const settings = poolSettings(own, config.limits);
  const kept =
    previous !== undefined && isDeepStrictEqual(previous.pool.settings, settings) ? previous : undefined;
  const pool = kept?.pool ?? new Pool(settings, { previous: previous?.pool });
  // The pool is to have endpoints before anybody calls; what has some already asks again when it is watched.
  for (const source of kept === undefined ? withoutEndpoint(settings, pool.endpoints) : []) {
    const addresses = names.addresses.get(source.dns);
    if (addresses !== undefined) pool.resolve(source, addresses, systemClock.now());
  }
  const watch =
    kept?.watch ??
    new PoolWatch(pool, {
      live: telemetry.live,
      tell: telemetry.tellEndpoint,
      tellShortage: telemetry.shortages.tell,
      tellResolver: (ok, host, why) =>
        telemetry.tell(ok ? 'dns_back' : 'dns_away', ok ? host : `${host}: ${why}`),
      resolve,
      away: names.away,
    });
  const catalogue = kept?.catalogue ?? new Catalogue(pool, previous?.catalogue.tools);
  const retried = telemetry.instruments.counter('mcp_gateway_retries_total');
  const count = (reason: RetryReason) => retried.series({ pool: name, reason }).add();
  const ruleOf = compileToolRules(own.tools);
  return {
    own,
    pool,
    watch,
    catalogue,
    repeats: buildRepeats(own, catalogue, count, previous?.repeats),
    dismissals: new Dismissals(pool, previous?.dismissals, previous?.pool),
    openings: previous?.openings ?? new Openings(),
    ruleOf,
    charsOf: responseChars(own, config.limits, ruleOf),
  };
}

/** Ends what the gateway itself does at endpoints that leave, sessions included, before their sockets may close. */
export async function takeLeave({ watch, catalogue, openings }: PoolParts): Promise<void> {
  await Promise.all([watch.close(), catalogue.rest(), openings.over()]);
}

/** As `takeLeave`, within two seconds: at a stop nobody needs the answers any more. */
export async function endAll({ watch, catalogue, openings }: PoolParts): Promise<void> {
  await Promise.all([watch.close(), catalogue.close(), openings.over()]);
}
