// A running gateway: its listeners, what they report, and the way down.
import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../../config/schema.ts';
import type { Gateway } from '../gateway.ts';
import { buildGateway } from '../gateway.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { version } from '../version.ts';
import type { Check } from './admin-listener.ts';
import { AdminListener } from './admin-listener.ts';
import { registerGauges } from './gauges.ts';
import { PeerReader } from './peer.ts';
import type { PublicService } from './public-listener.ts';
import { PublicListener } from './public-listener.ts';

/** Where a running gateway is reached, and how it stops. */
export interface Running {
  /** Base URL of the public listener, as seen from this machine. */
  readonly url: string;
  readonly adminUrl: string;
  /** Reports not ready, finishes what is in flight within the configured times, and closes everything. */
  stop(): Promise<void>;
}

/** Starts both listeners on a configuration. */
export async function run(config: Config, logger: Logger): Promise<Running> {
  const telemetry = new Telemetry({
    logger,
    version,
    knowsTool: (pool, tool) => gateway.catalogues.get(pool)?.find(tool) !== undefined,
  });
  const gateway = buildGateway(config, telemetry);
  let draining = false;
  const checks = (): Check[] => [
    { name: 'draining', ok: !draining, detail: 'the gateway is shutting down' },
    ...[...gateway.pools.values()].map((pool) => ({
      name: `pool ${pool.name}`,
      ok: pool.available.length > 0,
      detail: 'no endpoint is available',
    })),
  ];
  const ready = () => checks().every(({ ok }) => ok);
  const publicListener = new PublicListener(publicService(gateway, telemetry, ready));
  const admin = new AdminListener({ checks, metrics: () => telemetry.render() });
  const { listen } = config;
  const address = await publicListener.listen(listen.port, listen.host);
  const adminAddress = await admin.listen(config.admin.port, config.admin.host);
  registerGauges(
    telemetry,
    () => gateway,
    () => publicListener.connections,
  );
  for (const catalogue of gateway.catalogues.values()) {
    // A pool that is not up yet is asked again when a client calls one of its tools.
    catalogue.refresh().catch(() => {});
  }
  const url = urlOf(address);
  const adminUrl = urlOf(adminAddress);
  logger.info({ event: 'started', url, admin_url: adminUrl, paths: [...gateway.handlers.keys()].join(' ') });
  return {
    url,
    adminUrl,
    async stop() {
      draining = true;
      logger.info({ event: 'draining' });
      await pause(config.drain.delay);
      await publicListener.drain(config.drain.timeout);
      admin.server.close();
      admin.server.closeAllConnections();
      await gateway.close();
      telemetry.close();
      logger.info({ event: 'stopped' });
    },
  };
}

function publicService(gateway: Gateway, telemetry: Telemetry, ready: () => boolean): PublicService {
  const { listen } = gateway.config;
  return {
    handlers: gateway.handlers,
    documents: gateway.documents,
    access: {
      allowedHosts: listen.allowed_hosts.map((name) => name.toLowerCase()),
      allowedOrigins: listen.allowed_origins,
      loopbackOnly: isLoopback(listen.host),
    },
    peers: new PeerReader(listen.trusted_proxies, 'http'),
    maxBodyBytes: listen.max_body,
    live: telemetry.live,
    refused: (reason) => telemetry.refused(reason),
    ready,
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function urlOf({ address, family, port }: AddressInfo): string {
  const any = address === '0.0.0.0' || address === '::';
  const host = any || address === '127.0.0.1' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}
