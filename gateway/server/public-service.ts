// What a running configuration serves to clients, as its listener sees it.
import { isLoopback } from '../../config/loopback.ts';
import type { Gateway } from '../gateway.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Overload } from './overload.ts';
import { PeerReader } from './peer.ts';
import type { PublicService } from './public-listener.ts';
import { headFields } from './read-head.ts';

export function publicService(
  gateway: Gateway,
  telemetry: Telemetry,
  overload: Overload,
  ready: () => boolean,
): PublicService {
  const { listen } = gateway.config;
  return {
    handlers: gateway.handlers,
    documents: gateway.documents,
    access: {
      allowedHosts: listen.allowed_hosts.map((name) => name.toLowerCase()),
      allowedOrigins: listen.allowed_origins,
      loopbackOnly: isLoopback(listen.host),
    },
    head: headFields(telemetry.propagators),
    peers: new PeerReader(listen.trusted_proxies, listen.tls === undefined ? 'http' : 'https'),
    maxBodyBytes: listen.max_body,
    live: telemetry.live,
    overloaded: () => overload.sheds,
    rescue: (x, thrown) => telemetry.rescue(x, thrown),
    refused: (reason) => telemetry.refused(reason),
    ready,
  };
}
