/** Rules for `pools[].tls`: its files must be what they are for, and fit each other. */
import { X509Certificate } from 'node:crypto';
import type { Finding, Path } from '../problem.ts';
import type { PoolConfig } from '../schema.ts';
import { faultOf, faultOfPair } from './key-pair.ts';

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
  const refused = (part: string, fault: string): Finding[] => [
    { path: [...path, 'tls', part], message: `cannot be used: ${fault}`, ofCertificate: true },
  ];
  // A secure context takes any text for an authority, and then believes nobody.
  const ofAuthority = ca === undefined ? undefined : faultOf(() => new X509Certificate(ca));
  if (ofAuthority !== undefined) return refused('ca', ofAuthority);
  const wrong = faultOfPair({ cert, key });
  return wrong === undefined ? [] : refused(wrong.part, wrong.fault);
}
