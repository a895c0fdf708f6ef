// HAProxy as a reverse proxy on one thread.
import type { Subject } from '../subject.ts';
import { findToolOrSay } from '../tools.ts';

/** `haproxy`: leastconn, one thread, upstream connections shared and kept; events are sent on at once where the plan says streaming. */
export const haproxy: Subject = {
  name: 'haproxy',
  start: async (lab, plan) => {
    const program = findToolOrSay('haproxy', 'subject haproxy is skipped');
    if (program === undefined) return undefined;
    const port = await lab.port();
    const config = `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  option http-keep-alive
  http-reuse always
  ${plan.streaming ? 'option http-no-delay' : ''}
frontend bench
  bind 127.0.0.1:${port} backlog 4096
  default_backend pool
backend pool
  balance leastconn
${plan.upstreamPorts.map((upstream) => `  server s${upstream} 127.0.0.1:${upstream} pool-max-conn 512`).join('\n')}
`;
    const path = lab.file(`haproxy-${port}.cfg`, config);
    return { port, ...(await lab.start('proxy', [program, '-db', '-q', '-f', path], port)) };
  },
};
