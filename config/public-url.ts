/** The URL under which clients reach the gateway. */
import type { Config } from './schema.ts';

/** Base URL without a path; `listening` stands in where the file does not say, e.g. when the port is the system's choice. */
export function publicBase({ listen }: Config, listening?: string): string {
  const { public_url: url, port, tls } = listen;
  const base = url ?? listening ?? `${tls === undefined ? 'http' : 'https'}://localhost:${port}`;
  return base.replace(/\/+$/, '');
}
