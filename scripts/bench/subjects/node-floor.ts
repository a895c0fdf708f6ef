// The least a Node proxy can do: node:http in front of undici, see proxies/node-floor-proxy.ts.
import { join } from 'node:path';
import type { Subject } from '../subject.ts';

const PROXY = join(import.meta.dirname, '..', 'proxies', 'node-floor-proxy.ts');

/** `node_floor`: the bare pass-through that the gateway's own cost is read against. */
export const nodeFloor: Subject = {
  name: 'node_floor',
  start: async (lab, plan) => {
    const port = await lab.port();
    const argument = JSON.stringify({ port, upstreamPorts: plan.upstreamPorts });
    return { port, ...(await lab.start('proxy', [process.execPath, PROXY, argument], port)) };
  },
};
