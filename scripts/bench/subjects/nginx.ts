// nginx as a reverse proxy, set up as its own manual advises for keep-alive upstreams.
import { nginxCommand, nginxConfig } from '../nginx-config.ts';
import type { Subject } from '../subject.ts';
import { findToolOrSay } from '../tools.ts';

/** `nginx`: least_conn, one worker, upstream keep-alive; responses buffered as is the default, but not where the plan says streaming. */
export const nginx: Subject = {
  name: 'nginx',
  start: async (lab, plan) => {
    const program = findToolOrSay('nginx', 'subject nginx is skipped');
    if (program === undefined) return undefined;
    const port = await lab.port();
    const servers = plan.upstreamPorts.map((upstream) => `server 127.0.0.1:${upstream};`).join(' ');
    const name = `nginx-${port}`;
    const config = nginxConfig(
      name,
      `
  upstream pool { least_conn; ${servers} keepalive 512; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://pool;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      ${plan.streaming ? 'proxy_buffering off;' : ''}
      proxy_read_timeout 1h;
    }
  }`,
    );
    const path = lab.file(`${name}.conf`, config);
    return { port, ...(await lab.start('proxy', nginxCommand(program, path), port)) };
  },
};
