// The gateway with admission at work, a caller known by its key and limits that are its own and its tool's; and without any.
import { join } from 'node:path';
import type { Call } from '../calls.ts';
import type { Subject } from '../subject.ts';
import { gatewayConfig, startGateway } from './gateway.ts';

const PLAIN = join(import.meta.dirname, '..', 'proxies', 'plain-gateway.ts');
const KEY = 'bench-key-0123456789abcdef0123456789abcdef';

/** `gateway admission`: as `gateway`, and API keys, slots, timeouts and caps by client and tool. */
export const gatewayAdmission: Subject = {
  name: 'gateway admission',
  start: (lab, plan) =>
    startGateway(lab, (port, adminPort) => {
      const config = gatewayConfig(plan, port, adminPort) as { pools: object[] };
      const tools = [
        { match: 'look*', timeout: '20s', max_timeout: '5m', concurrency: 5000, response_chars: 20_000 },
      ];
      return {
        ...config,
        auth: { mode: 'required' },
        clients: [
          { id: 'other', api_key: `${KEY}-other` },
          { id: 'bench', api_key: KEY, concurrency: 5000, queue: { size: 5000, timeout: '30s' } },
        ],
        pools: config.pools.map((pool) => ({ ...pool, tools })),
      };
    }),
};

/** `gateway plain`: neither identity nor slots, timeouts or caps. */
export const gatewayPlain: Subject = {
  name: 'gateway plain',
  start: (lab, plan) => startGateway(lab, (port, adminPort) => gatewayConfig(plan, port, adminPort), PLAIN),
};

/** A call by the client that the subject knows. */
export function withKey(call: Call): Call {
  return { ...call, headers: { ...call.headers, 'x-api-key': KEY } };
}
