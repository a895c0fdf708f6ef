// A running gateway: its listeners, what they report, how it follows its file, and the way down.
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isLoopback } from '../../config/loopback.ts';
import { reportOf } from '../advise/report.ts';
import type { Gateway } from '../gateway.ts';
import { buildGateway } from '../gateway.ts';
import { systemClock } from '../health/clock.ts';
import { Shared } from '../shared.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import type { Resolve } from '../upstream/discovery.ts';
import { newNames } from '../upstream/new-names.ts';
import { version } from '../version.ts';
import { urlOf } from './addresses.ts';
import type { Check } from './admin-listener.ts';
import { AdminListener } from './admin-listener.ts';
import { Advisor } from './advice/advisor.ts';
import { ProcessSamples } from './advice/process-samples.ts';
import { certificateOf } from './certificate.ts';
import { ConnectionBounds } from './connection-limit.ts';
import { FileWatch } from './file-watch.ts';
import { registerGauges } from './gauges.ts';
import type { ListenerTimes } from './http-server.ts';
import type { Vitals } from './overload.ts';
import { Overload } from './overload.ts';
import { PublicListener } from './public-listener.ts';
import { publicService } from './public-service.ts';
import type { ConfigSource, ReloadCause, ReloadOutcome } from './reload.ts';
import { Reloader } from './reload.ts';

/** Where a running gateway is reached, how it follows its file, and how it stops. */
export interface RunningGateway {
  /** Base URL of the public listener, as seen from this machine. */
  readonly url: string;
  readonly adminUrl: string;
  /** Reads the configuration again and puts it to use if it is good. */
  reload(cause: ReloadCause): Promise<ReloadOutcome>;
  /**
   * Reports not ready, finishes what is in flight within the configured times, and closes everything; with `withinMs`
   * without delay and within that time.
   */
  stop(withinMs?: number): Promise<void>;
}

/** What tests run a gateway with instead of the product's own. */
export interface RunOptions {
  readonly times?: Partial<ListenerTimes>;
  readonly vitals?: Vitals;
  readonly resolve?: Resolve;
}

/** How long the start waits for the session key that Redis holds, in ms: sessions begun before are known here only. */
const KEY_WAIT_MS = 1000;

/** Starts both listeners on a configuration; where that cannot be, rejects when all that was begun is closed. */
export async function run(
  source: ConfigSource,
  logger: Logger,
  options: RunOptions = {},
): Promise<RunningGateway> {
  const begun = new AsyncDisposableStack();
  try {
    return await start(source, logger, options, begun);
  } catch (error) {
    await begun.disposeAsync();
    throw error;
  }
}

/** `begun` is told how to end each thing that is begun; it ends them in the reverse order. */
async function start(
  source: ConfigSource,
  logger: Logger,
  { times, vitals, resolve: toAddresses }: RunOptions,
  begun: AsyncDisposableStack,
): Promise<RunningGateway> {
  const { config } = source;
  const samples = new ProcessSamples(() => ({
    sessions: shared.sessions.size,
    streams: [...telemetry.live].filter(({ stream }) => stream).length,
    cacheBytes: gateway.cache.memory.bytes,
    cacheEvictions: gateway.cache.memory.evictions,
  }));
  const advisor = new Advisor(() => gateway, samples);
  const advice = () => {
    telemetry.flush();
    return reportOf(advisor.advice());
  };
  const telemetry = new Telemetry({
    logger,
    version,
    callEnded: advisor.callEnded,
    knowsTool: (pool, tool) => gateway.pools.get(pool)?.catalogue.find(tool) !== undefined,
    knowsPrompt: (pool, prompt) => gateway.pools.get(pool)?.catalogue.prompts.has(prompt) ?? false,
  });
  begun.defer(() => telemetry.close());
  await telemetry.startExports(process.env);
  const shared = new Shared(telemetry, config.redis, advice, toAddresses);
  begun.defer(() => shared.close());
  let gateway = buildGateway(config, shared);
  begun.defer(() => gateway.close());
  let draining = false;
  let url: string | undefined;
  const checks = (): Check[] => [
    { name: 'draining', ok: !draining, detail: 'the gateway is shutting down' },
    ...(url === undefined ? [{ name: 'listening', ok: false, detail: 'the gateway is starting' }] : []),
    ...Array.from(gateway.pools.values(), ({ pool }) => ({
      name: `pool ${pool.name}`,
      ok: pool.available.some(({ reached }) => reached),
      detail: pool.available.length === 0 ? 'no endpoint is available' : 'no endpoint has answered yet',
    })),
  ];
  const ready = () => checks().every(({ ok }) => ok);
  const overload = new Overload(vitals);
  const serviceOf = (served: Gateway) => publicService(served, telemetry, overload, ready);
  const certificate = certificateOf(config.listen, source.reread?.file, logger);
  begun.defer(() => certificate?.close());
  const publicListener = new PublicListener(serviceOf(gateway), certificate, times);
  const watch = new FileWatch(() => void reload('file'));
  begun.defer(() => watch.close());
  const reloader = new Reloader(
    source,
    {
      names: (next, found, signal) =>
        newNames(
          { next, running: gateway },
          { resolve: shared.resolve, clock: systemClock, random: Math.random, found, signal },
        ),
      apply(next, names) {
        const old = gateway;
        if (next.listen.tls !== undefined) certificate?.use(next.listen.tls);
        gateway = buildGateway(next, shared, old, names);
        publicListener.swap(serviceOf(gateway));
        // Only now: a reload that is refused follows no advice.
        advisor.changed(old.config, next);
        bounds.use(next.listen);
        // A level set at run time stays until the file says another one.
        if (next.log.level !== old.config.log.level) logger.level = next.log.level;
        askForTools(gateway);
        old.retire(gateway).catch((error: unknown) => {
          logger.log({ event: 'retire_failed', message: String(error) });
        });
      },
      reading: () => watch.heed(),
      watch: (files) => watch.watch(watched(source, files)),
    },
    logger,
  );
  begun.defer(() => reloader.close());
  const reload = (cause: ReloadCause) => reloader.reload(cause);
  const admin = new AdminListener({
    checks,
    metrics: () => telemetry.render(),
    advice,
    control: { current: () => gateway, reload: () => reload('admin'), logger },
    token: () => gateway.config.admin.token,
    onLoopback: () => isLoopback(config.admin.host),
    hostNames: () => gateway.config.listen.allowed_hosts,
    page: {
      current: () => gateway,
      shared,
      checks,
      lastReloadOk: () => reloader.successful,
      clientConnections: () => publicListener.connections,
      advice,
      publicUrl: () => url ?? '',
    },
  });
  const bounds = new ConnectionBounds(publicListener.server, admin.server, logger);
  bounds.use(config.listen);
  begun.defer(() => {
    admin.server.close();
    admin.server.closeAllConnections();
  });
  await shared.keySettled(KEY_WAIT_MS);
  const adminAddress = await admin.listen(config.admin.port, config.admin.host);
  registerGauges(
    telemetry,
    () => gateway,
    () => publicListener.connections,
    () => bounds.refused,
  );
  telemetry.gauge('mcp_gateway_advice', advisor.counts);
  telemetry.gauge('mcp_gateway_config_last_reload_successful', () => [[{}, reloader.successful ? 1 : 0]]);
  begun.defer(() => samples.stop());
  samples.start();
  begun.defer(() => overload.stop());
  overload.start(({ cause }) => {
    if (cause === undefined) logger.log({ event: 'overload_over' });
    else logger.log({ event: 'overloaded', cause });
  });
  askForTools(gateway);
  watch.watch(watched(source, source.files));
  // Last: no client is let in before all is there, and none that would have to be sent away.
  const address = await publicListener.listen(config.listen.port, config.listen.host);
  url = urlOf(address, certificate === undefined ? 'http' : 'https');
  const adminUrl = urlOf(adminAddress, 'http');
  logger.log({ event: 'started', url, admin_url: adminUrl, paths: [...gateway.handlers.keys()].join(' ') });
  return {
    url,
    adminUrl,
    reload,
    async stop(withinMs) {
      draining = true;
      watch.close();
      reloader.close();
      certificate?.close();
      publicListener.announceDrain();
      const { delay, timeout } = gateway.config.drain;
      logger.log({ event: 'draining' });
      if (withinMs === undefined) await pause(delay);
      await publicListener.drain(withinMs ?? timeout);
      await begun.disposeAsync();
      logger.log({ event: 'stopped' });
    },
  };
}

/** A pool that is not up yet is asked again when a client calls one of its tools. */
function askForTools(gateway: Gateway): void {
  for (const { catalogue } of gateway.pools.values()) catalogue.refresh().catch(() => {});
}

function watched({ reread }: ConfigSource, named: readonly string[]): string[] {
  return reread === undefined ? [] : [resolve(reread.file), ...named];
}
