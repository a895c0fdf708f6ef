/** Rules for `listen.tls`: its files must be there, and be a certificate and its key. */
import { resolve } from 'node:path';
import { valueAt } from '../paths.ts';
import type { Finding } from '../problem.ts';
import { readSecret } from '../secrets.ts';
import { faultOfPair } from './key-pair.ts';
import type { Parts } from './parts.ts';

/** Absolute paths of the files that the data of a file names under `listen.tls`, whatever is wrong with them. */
export function listenerTlsFiles(data: unknown, dir: string): string[] {
  const given = ['cert', 'key'].map((part) => valueAt(data, ['listen', 'tls', part]));
  return given.filter((path) => typeof path === 'string').map((path) => resolve(dir, path));
}

/** Checks the certificate of the public listener. */
export function checkListenerTls({ listen, dir }: Parts): Finding[] {
  if (listen?.tls === undefined) return [];
  const files = { cert: resolve(dir, listen.tls.cert), key: resolve(dir, listen.tls.key) };
  const [cert, key] = [readSecret(files.cert), readSecret(files.key)];
  const at = (part: 'cert' | 'key') =>
    ({ path: ['listen', 'tls', part], ofCertificate: true }) satisfies Partial<Finding>;
  const unread: Finding[] = [];
  if (!cert.ok) unread.push({ ...at('cert'), message: cert.message });
  if (!key.ok) unread.push({ ...at('key'), message: key.message });
  if (!cert.ok || !key.ok) return unread;
  const wrong = faultOfPair({ cert: cert.text, key: key.text });
  if (wrong === undefined) return [];
  const { part, fault } = wrong;
  const hint = part === 'cert' ? 'needs a PEM certificate chain' : 'needs the PEM private key of cert';
  return [{ ...at(part), message: `${files[part]} cannot be used: ${fault}`, hint }];
}
