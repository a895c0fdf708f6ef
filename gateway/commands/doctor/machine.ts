// What `doctor` looks at on this machine: Node.js, the files of certificates, and Redis where one is configured.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Loaded } from '../../../config/load.ts';
import type { Config } from '../../../config/schema.ts';
import { RedisConnection } from '../../redis/redis-connection.ts';
import type { Diagnosis } from './diagnosis.ts';
import { fail, ok, warn } from './diagnosis.ts';

/** Oldest Node.js that runs this program, as package.json has it. */
const NEEDS = [22, 19] as const;
const REDIS_WAIT_MS = 3000;
const DAY_MS = 86_400_000;
/** Certificates are usually renewed a month before they end. */
const ENDS_SOON_DAYS = 21;
const UNFIT_HINT =
  'the gateway does not start like this: the file is to be there, to fit, and to be readable for its user';

export function node(version = process.versions.node): Diagnosis {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NEEDS[0] || (major === NEEDS[0] && minor >= NEEDS[1])) return ok('node', version);
  return fail('node', version, `${NEEDS.join('.')} or newer is needed`);
}

/** Looks at the files of certificates, and at how long the listener's holds; `file` is the configuration's. */
export function certificates({ config, unfit }: Loaded, file: string): Diagnosis[] {
  const wrong = unfit.map(({ path, message, hint }) =>
    fail('tls', `${path}: ${message}`, hint ?? UNFIT_HINT),
  );
  const isRead = !unfit.some(({ path }) => path === 'listen.tls.cert');
  return [...wrong, ...(isRead ? validity(config, file) : [])];
}

function validity({ listen: { tls } }: Config, file: string): Diagnosis[] {
  if (tls === undefined) return [];
  const { validTo, subject } = new X509Certificate(readFileSync(resolve(dirname(file), tls.cert)));
  const days = Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS);
  if (days < 0) return [fail('tls', `the certificate ended on ${validTo}`, 'renew it; no restart is needed')];
  if (days < ENDS_SOON_DAYS) return [warn('tls', `the certificate ends in ${days} days`, 'renew it soon')];
  return [ok('tls', `${subject.replaceAll('\n', ', ')}, valid for ${days} days`)];
}

export async function redis({ redis: settings }: Config): Promise<Diagnosis[]> {
  if (settings === undefined) return [];
  const connection = new RedisConnection(settings);
  const late = new Promise<Diagnosis>((done) => {
    setTimeout(() => done(away(`no answer within ${REDIS_WAIT_MS / 1000} s`)), REDIS_WAIT_MS).unref();
  });
  const told = new Promise<Diagnosis>((done) => {
    connection.onState((up, why) => done(up ? ok('redis', 'answers') : away(why)));
  });
  const diagnosis = await Promise.race([told, late]);
  connection.close();
  return [diagnosis];
}

function away(why: string): Diagnosis {
  return fail('redis', why, 'the gateway runs without it, each process for itself; look at redis.url');
}
