/** The places of gateway.yaml that hold secrets, and the files they may be read from. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { expand, isMap, replaceAt, valueAt } from './paths.ts';
import type { Finding } from './problem.ts';

/** Every place where the YAML may give `{ file: PATH }` and where what is shown is masked. */
export const SECRET_PATHS = [
  'admin.token',
  'clients[].api_key',
  'redis.url',
  'session_keys[]',
  'pools[].env.*',
  'pools[].headers.*',
  'pools[].tls.ca',
  'pools[].tls.cert',
  'pools[].tls.key',
] as const;

/** Those of certificates: their plain text is a path too, as that of `listen.tls` is; PEM text itself never looks like one. */
const CERTIFICATE_PATHS: ReadonlySet<string> = new Set([
  'pools[].tls.ca',
  'pools[].tls.cert',
  'pools[].tls.key',
]);

/** A bundle of authorities is the largest thing that is read. */
const MAX_SECRET_BYTES = 1_048_576;

/**
 * Replaces each `{ file: PATH }` by the trimmed content, and by an empty text where a certificate's cannot be read, which
 * stands for none; paths are relative to `dir`.
 */
export function readSecretFiles(data: unknown, dir: string): { findings: Finding[]; files: string[] } {
  const findings: Finding[] = [];
  const files: string[] = [];
  const places = SECRET_PATHS.flatMap((pattern) => expand(data, pattern).map((path) => ({ pattern, path })));
  for (const { pattern, path } of places) {
    const given = valueAt(data, path);
    const ofCertificate = CERTIFICATE_PATHS.has(pattern);
    const isPath = ofCertificate && typeof given === 'string' && !given.startsWith('-----BEGIN ');
    const value = isPath ? { file: given } : given;
    if (!isMap(value)) continue;
    if (typeof value['file'] !== 'string' || Object.keys(value).length !== 1) {
      findings.push({ path, message: 'must be a text or { file: PATH }' });
      continue;
    }
    const file = resolve(dir, value['file']);
    const content = readSecret(file);
    files.push(file);
    if (content.ok) replaceAt(data, path, content.text);
    else findings.push({ path, message: content.message, ...(ofCertificate && { ofCertificate }) });
    // A map would be wrong for the schema, and a path for TLS.
    if (ofCertificate && !content.ok) replaceAt(data, path, '');
  }
  return { findings, files };
}

/** Reads a file of a secret, or says what keeps it from being read. */
export function readSecret(file: string): { ok: true; text: string } | { ok: false; message: string } {
  try {
    const stats = statSync(file);
    if (!stats.isFile()) return { ok: false, message: `${file} is not a file` };
    if (stats.size > MAX_SECRET_BYTES) return { ok: false, message: `${file} is larger than 1MiB` };
    const text = readFileSync(file, 'utf8').trim();
    return text === '' ? { ok: false, message: `${file} is empty` } : { ok: true, text };
  } catch (error) {
    return { ok: false, message: `cannot read ${file}: ${errorCode(error)}` };
  }
}

/** Names a file system error by its code, such as ENOENT. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return String(error);
}
