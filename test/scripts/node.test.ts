// The plain-JS launchers, under the Node of this run and under the system's own where that is another.
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findProgram } from '../../scripts/system-packages.ts';

const root = join(import.meta.dirname, '../..');
const outside = (process.env['PATH'] ?? '').split(delimiter).filter((dir) => !dir.includes('node_modules'));
const systemNode = findProgram(['node'], outside);
const nodes = [...new Set([process.execPath, ...(systemNode === undefined ? [] : [systemNode])])];

/** A program that says it is ready, and answers SIGINT, SIGTERM and SIGHUP by naming them and ending with 7. */
const answersSignals = `
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(name, () => { console.log(name); process.exit(7); });
setInterval(() => {}, 1000);
console.log('ready');`;

function start(
  node: string,
  args: readonly string[],
  env = process.env,
): { child: ChildProcess; output(): string } {
  const child = spawn(node, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return { child, output: () => text };
}

async function finish(
  started: ReturnType<typeof start>,
): Promise<{ code: number | null; signal: string | null; output: string }> {
  const [code, signal] = (await once(started.child, 'close')) as [number | null, string | null];
  return { code, signal, output: started.output() };
}

/** A package like ours around a main.ts of its own, so that only the command itself is looked at. */
function packageWith(main: string, withNode: boolean): string {
  const dir = mkdtempSync(join(tmpdir(), 'mcp-gateway-bin-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const folder of ['scripts', 'gateway', 'bin', 'node_modules']) mkdirSync(join(dir, folder));
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
  for (const file of ['node.js', 'mcp-gateway.js'])
    cpSync(join(root, 'scripts', file), join(dir, 'scripts', file));
  writeFileSync(join(dir, 'gateway/main.ts'), main);
  symlinkSync('../scripts/mcp-gateway.js', join(dir, 'bin/mcp-gateway'));
  const bundled = `node-${process.platform}-${process.arch}`;
  if (withNode) symlinkSync(join(root, 'node_modules', bundled), join(dir, 'node_modules', bundled));
  return join(dir, 'bin/mcp-gateway');
}

describe.each(nodes)('setup.js under %s', (node) => {
  const setup = (...args: string[]) => start(node, [join(root, 'scripts/setup.js'), ...args]);

  it('runs a file on a Node that understands TypeScript and ends with its code', async () => {
    const done = await finish(setup('-e', 'const n: number = 5; process.exit(n)'));
    expect(done).toMatchObject({ code: 5, signal: null });
  });

  it('says nothing and installs nothing when everything is there', async () => {
    expect(await finish(setup('-e', ''))).toEqual({ code: 0, signal: null, output: '' });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('passes %s on', async (signal) => {
    const started = setup('-e', answersSignals);
    await once(started.child.stdout ?? started.child, 'data');
    started.child.kill(signal);
    expect(await finish(started)).toEqual({ code: 7, signal: null, output: `ready\n${signal}\n` });
  });

  it('dies of the signal that its program died of', async () => {
    const done = await finish(
      setup('-e', "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)"),
    );
    expect(done).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('keeps the words of npm from its program, but not those of its user', async () => {
    const env = {
      ...process.env,
      npm_lifecycle_event: 'test',
      INIT_CWD: '/',
      npm_config_registry: 'https://r.example/',
    };
    const print = 'console.log(Object.keys(process.env).filter((n) => /^npm_|INIT/.test(n)).join())';
    const done = await finish(start(node, [join(root, 'scripts/setup.js'), '-e', print], env));
    expect(done.output).toContain('npm_config_registry');
    expect(done.output).not.toMatch(/lifecycle|INIT_CWD/);
  });
});

describe.each(nodes)('the mcp-gateway command under %s', (node) => {
  it('runs main.ts with its arguments and ends with its code', async () => {
    const main =
      'const args: string[] = process.argv.slice(2); console.log(args.join()); process.exitCode = 3;';
    const done = await finish(start(node, [packageWith(main, true), 'check', '-c', 'x.yaml']));
    expect(done).toEqual({ code: 3, signal: null, output: 'check,-c,x.yaml\n' });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('passes %s on', async (signal) => {
    const started = start(node, [packageWith(answersSignals, true)]);
    await once(started.child.stdout ?? started.child, 'data');
    started.child.kill(signal);
    expect(await finish(started)).toEqual({ code: 7, signal: null, output: `ready\n${signal}\n` });
  });
});

describe('the mcp-gateway command under an old Node', () => {
  const isOld =
    systemNode !== undefined && Number(execFileSync(systemNode, ['-p', 'process.version.slice(1, 3)'])) < 22;

  it.skipIf(!isOld)('says what is missing and ends with 2 when no Node came with the packages', async () => {
    const done = await finish(start(systemNode ?? '', [packageWith('', false)]));
    expect(done).toMatchObject({ code: 2, output: expect.stringContaining('needs Node 22.19 or newer') });
  });
});
