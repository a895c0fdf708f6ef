/** Rules for `pools[].tls`: its files must be what they are for, and fit each other. */
import { X509Certificate } from 'node:crypto';
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
  const uses: Record<string, () => unknown> = {
    // A secure context takes any text for an authority, and then believes nobody.
    ca: () => ca === undefined || new X509Certificate(ca),
    cert: () => createSecureContext({ cert }),
    key: () => createSecureContext({ cert, key }),
  };
  for (const [name, use] of Object.entries(uses)) {
    const fault = faultOf(use);
    if (fault !== undefined) return [{ path: [...path, 'tls', name], message: `cannot be used: ${fault}` }];
  }
  return [];
}

function faultOf(use: () => unknown): string | undefined {
  try {
    use();
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
