// What every nginx of the bench has in common: one worker, no logs, connections that stay open.
import { dirname } from 'node:path';

/** The command that runs a configuration file in the foreground, with its folder for everything it writes. */
export function nginxCommand(program: string, path: string): string[] {
  return [program, '-p', dirname(path), '-c', path, '-e', 'stderr'];
}

/** Wraps the inside of an `http` block into a whole configuration; `name` keeps two of them apart. */
export function nginxConfig(name: string, http: string): string {
  // A root-started nginx would give its worker to a user who cannot read the temp folder.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `
${user}
daemon off;
worker_processes 1;
pid ${name}.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  client_body_temp_path ${name}-body;
  proxy_temp_path ${name}-proxy;
  fastcgi_temp_path ${name}-fastcgi;
  uwsgi_temp_path ${name}-uwsgi;
  scgi_temp_path ${name}-scgi;
${http}
}
`;
}
