// A gateway made of the official SDK's objects, see proxies/sdk-gateway-proxy.ts.
import { join } from 'node:path';
import type { Subject } from '../subject.ts';

const PROXY = join(import.meta.dirname, '..', 'proxies', 'sdk-gateway-proxy.ts');

/** `sdk_gateway`: speaks up to 2025-11-25 only, and numbers its calls itself, so it needs the message upstream. */
export const sdkGateway: Subject = {
  name: 'sdk_gateway',
  start: async (lab, plan) => {
    const port = await lab.port();
    const argument = JSON.stringify({ port, upstreamPort: plan.messagePort });
    return { port, ...(await lab.start('proxy', [process.execPath, PROXY, argument], port)) };
  },
};
