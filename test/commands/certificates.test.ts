// The commands over a file whose certificates the user who runs them cannot use.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Diagnosis } from '../../gateway/commands/doctor/diagnosis.ts';
import { makeCertificate } from '../support/certificates.ts';
import { runCommand } from './run-command.ts';

const cwd = mkdtempSync(join(tmpdir(), 'certificates-'));

/** The listener's key is away, as are authorities and a key of pools; those of the last pool are no pair. */
const yaml = `listen: { tls: { cert: one.crt, key: away.key } }
pools:
  - { name: a, endpoints: [{ url: 'https://127.0.0.1:9/mcp' }], tls: { ca: { file: away.pem } } }
  - { name: b, endpoints: [{ url: 'https://127.0.0.1:9/mcp' }], tls: { cert: one.crt, key: away.key } }
  - { name: c, endpoints: [{ url: 'https://127.0.0.1:9/mcp' }], tls: { cert: one.crt, key: other.key } }
routes: [{ path: /a, pools: [a] }, { path: /b, pools: [b] }, { path: /c, pools: [c] }]
`;
const unfit = ['listen.tls.key', 'pools[0].tls.ca', 'pools[1].tls.key', 'pools[2].tls.key'];

beforeAll(() => {
  makeCertificate(cwd, 'one');
  makeCertificate(cwd, 'other');
  writeFileSync(join(cwd, 'gateway.yaml'), yaml);
});

afterAll(() => rmSync(cwd, { recursive: true }));

it.each([
  [['print-config'], '********'],
  [['connect', 'cursor'], '"url"'],
  [['explain', 'anything'], 'anything in pool c, which does not answer'],
])('%j needs none of them', async (args, printed) => {
  const { code, stdout } = await runCommand(args, { cwd });
  expect([code, stdout]).toEqual([0, expect.stringContaining(printed)]);
});

it('doctor says of each what is wrong with it, and looks at the rest', async () => {
  const { code, stdout } = await runCommand(['doctor', '--json'], { cwd });
  const diagnoses = JSON.parse(stdout) as Diagnosis[];
  const ofTls = diagnoses.filter(({ subject }) => subject === 'tls');
  expect(ofTls.map(({ status, detail }) => `${status} ${detail.split(/[:,]/)[0]}`)).toEqual([
    ...unfit.map((path) => `fail ${path}`),
    'warn the certificate ends in 1 days',
  ]);
  expect(ofTls.every(({ hint }) => hint !== undefined)).toBe(true);
  expect(diagnoses.filter(({ subject }) => subject.endsWith('https://127.0.0.1:9/mcp'))).toHaveLength(3);
  expect(code).toBe(3);
});

it('doctor tells no time of a certificate that cannot be read', async () => {
  copyFileSync(join(cwd, 'other.key'), join(cwd, 'no.crt'));
  writeFileSync(
    join(cwd, 'no.yaml'),
    yaml.replace('cert: one.crt, key: away.key', 'cert: no.crt, key: other.key'),
  );
  const { code, stdout } = await runCommand(['doctor', '-c', 'no.yaml', '--json'], { cwd });
  const diagnoses = JSON.parse(stdout) as Diagnosis[];
  const details = diagnoses
    .filter(({ subject }) => subject === 'tls')
    .map(({ detail }) => detail.split(':')[0]);
  expect([code, details]).toEqual([3, ['listen.tls.cert', ...unfit.slice(1)]]);
});

it.each([['check'], ['serve']])('%s refuses them all with 2', async (command) => {
  const { code, stdout, stderr } = await runCommand([command], { cwd });
  const paths = (stdout + stderr)
    .split('\n')
    .flatMap((line) => /^gateway\.yaml:\S+ (\S+):/.exec(line)?.[1] ?? []);
  expect([code, paths]).toEqual([2, unfit]);
});

it('a mistake in the file itself is still one, and told without them', async () => {
  writeFileSync(join(cwd, 'bad.yaml'), `${yaml}limits: { timeout: soon }\n`);
  const { code, stderr } = await runCommand(['print-config', '-c', 'bad.yaml'], { cwd });
  expect([code, stderr.trimEnd().split('\n')]).toEqual([2, [expect.stringContaining('limits.timeout: ')]]);
  writeFileSync(join(cwd, 'bad.yaml'), yaml.replace('cert: one.crt, key: other.key', 'cert: one.crt'));
  expect(await runCommand(['print-config', '-c', 'bad.yaml'], { cwd })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('pools[2].tls.key: is required by cert'),
  });
});
