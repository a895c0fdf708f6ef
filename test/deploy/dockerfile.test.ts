// Does what deploy/Dockerfile says, without an engine: its copies, its npm step, its entry point as its user.
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { startDemo } from '../../demo/launch.ts';
import type { Image } from '../support/dockerfile.ts';
import { buildImage, copiedFiles, parseDockerfile } from '../support/dockerfile.ts';
import { freePort } from '../support/free-port.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const stages = parseDockerfile(read('deploy/Dockerfile'));

describe('the build context', () => {
  it('holds every file that the Dockerfile copies', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const kept = (file: string): boolean =>
      allowed.some((path) => file === path || file.startsWith(`${path}/`));
    expect(copiedFiles(stages).filter((file) => !kept(file))).toEqual([]);
  });
});

describe('compose.yaml', () => {
  it('runs the image on a read-only root, without capabilities, and with time to drain', () => {
    const { gateway } = parse(read('deploy/compose.yaml')).services;
    expect(gateway).toMatchObject({ read_only: true, cap_drop: ['ALL'], stop_grace_period: '35s' });
    expect(gateway.volumes).toEqual(['./mcp-gateway:/etc/mcp-gateway:ro']);
  });
});

describe('the image', () => {
  let image: Image;
  let env: Record<string, string>;
  let demo: Awaited<ReturnType<typeof startDemo>>;

  // An unprivileged user, as in the container; one who is not root is that already.
  const user = (): { uid?: number; gid?: number } =>
    process.getuid?.() === 0 ? { uid: image.uid, gid: image.uid } : {};

  function exec(command: readonly string[]): { status: number | null; output: string } {
    const [program = '', ...args] = command;
    const done = spawnSync(program, args, {
      cwd: image.workdir,
      env,
      encoding: 'utf8',
      timeout: 15_000,
      ...user(),
    });
    return { status: done.status, output: `${done.stdout}${done.stderr}` };
  }

  beforeAll(async () => {
    image = buildImage(stages, root, process.execPath);
    const upstreamPort = await freePort();
    demo = await startDemo([{ script: 'stateless-server.ts', port: upstreamPort, name: 'behind-the-image' }]);
    env = {
      ...image.env,
      PATH: `${join(image.root, 'usr/local/bin')}:/usr/bin:/bin`,
      UPSTREAM_URL: `http://127.0.0.1:${upstreamPort}/mcp`,
    };
    execFileSync('chmod', ['-R', 'a-w,a+rX', image.root]);
  }, 120_000);

  afterAll(async () => {
    await demo.stop();
    execFileSync('chmod', ['-R', 'u+w', image.root]);
    rmSync(dirname(image.root), { recursive: true, force: true });
  });

  it('names a user that is not root, and drains on SIGTERM', () => {
    expect(image.uid).toBe(65532);
    expect(image.stopSignal).toBe('SIGTERM');
  });

  it('holds no package that only development needs', () => {
    const packages = join(image.workdir, 'node_modules');
    expect(() => readFileSync(join(packages, 'vitest/package.json'))).toThrow('ENOENT');
    expect(readFileSync(join(packages, 'undici/package.json'), 'utf8')).toContain('"undici"');
  });

  it('ships a configuration that is valid once UPSTREAM_URL is set, and says so when it is not', () => {
    const check = [...image.entrypoint, 'check'];
    expect(exec(check)).toMatchObject({ status: 0 });
    const { UPSTREAM_URL: kept = '', ...without } = env;
    env = without;
    const refused = exec(check);
    env = { ...without, UPSTREAM_URL: kept };
    expect(refused.status).toBe(2);
    expect(refused.output).toContain('set UPSTREAM_URL');
  });

  it('gives its user no file to change', () => {
    const write =
      "for (const dir of ['.', 'gateway', '/etc']) try { fs.writeFileSync(dir + '/x', ''); process.exit(9) } catch {}";
    expect(exec(['node', '-e', write])).toMatchObject({ status: 0 });
  });

  it('answers `mcp-gateway` on the PATH', () => {
    expect(exec(['mcp-gateway', '--help'])).toMatchObject({
      status: 0,
      output: expect.stringContaining('serve'),
    });
  });

  it('serves as its user on read-only files, is healthy while it does, and ends with 0 on SIGTERM', async () => {
    const publicPort = await freePort();
    mountConfiguration(await freePort(), publicPort);
    const [program = '', ...args] = [...image.entrypoint, ...image.cmd];
    const gateway = spawn(program, args, {
      cwd: image.workdir,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...user(),
    });
    const said = collect(gateway);
    try {
      await vi.waitFor(() => expect(exec(image.healthcheck)).toMatchObject({ status: 0 }), {
        timeout: 15_000,
        interval: 200,
      });
      const health = await fetch(`http://127.0.0.1:${publicPort}/health`);
      expect(health.status).toBe(200);
      gateway.kill('SIGTERM');
      expect(await once(gateway, 'exit')).toEqual([0, null]);
      expect(exec(image.healthcheck).status).toBe(1);
    } catch (error) {
      throw new Error(`the gateway said: ${said()}`, { cause: error });
    } finally {
      gateway.kill('SIGKILL');
    }
  }, 60_000);

  /** The shipped configuration on ports that are free, bound to loopback only, as a mount over the image's. */
  function mountConfiguration(adminPort: number, port: number): void {
    const document = parseDocument(read('deploy/mcp-gateway/gateway.yaml'));
    document.setIn(['listen', 'host'], '127.0.0.1');
    document.setIn(['listen', 'port'], port);
    document.setIn(['admin', 'host'], '127.0.0.1');
    document.setIn(['admin', 'port'], adminPort);
    const mounted = join(dirname(image.root), 'mounted.yaml');
    writeFileSync(mounted, document.toString(), { mode: 0o444 });
    env = { ...env, MCP_GATEWAY_CONFIG: mounted };
  }
});

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => text;
}
