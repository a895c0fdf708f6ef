/** Rules for `pools[].tls`: its files must be what they are for, and fit each other. */
import { createSecureContext } from 'node:tls';
import type { Finding, Path } from '../problem.ts';
import type { PoolConfig } from '../schema.ts';

/** Checks a pool's certificates. */
export function checkUpstreamTls(path: Path, { tls }: PoolConfig): Finding[] {
  if (tls === undefined) return [];
  const { ca, cert, key } = tls;
  if ((cert === undefined) !== (key === undefined)) {
    const missing = cert === undefined ? 'cert' : 'key';
    const given = cert === undefined ? 'key' : 'cert';
    return [
      { path: [...path, 'tls', missing], near: [...path, 'tls', given], message: `is required by ${given}` },
    ];
  }
  const parts = { ca: { ca }, cert: { cert }, key: { cert, key } };
  for (const [name, options] of Object.entries(parts)) {
    const fault = contextFault(options);
    if (fault !== undefined) return [{ path: [...path, 'tls', name], message: `cannot be used: ${fault}` }];
  }
  return [];
}

function contextFault(options: {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
}): string | undefined {
  try {
    createSecureContext(options);
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
