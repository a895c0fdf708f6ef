// The commands that work on a configuration file, run as users run them.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeCertificate } from '../support/certificates.ts';
import { runCommand } from './run-command.ts';

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'commands-'));
  return () => rmSync(cwd, { recursive: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(cwd, name), text);
}

function poolAt(...urls: string[]): string {
  return `pools:\n  - name: a\n    endpoints:\n${urls.map((url) => `      - url: ${url}\n`).join('')}`;
}

const good = poolAt('http://127.0.0.1:1/mcp');
const bad = `listen: { prot: 1 }\n${good}`;

describe('check', () => {
  it('accepts the shipped file', async () => {
    const { code, stdout } = await runCommand(['check'], { cwd: join(import.meta.dirname, '../..') });
    expect([code, stdout]).toEqual([0, 'gateway.yaml: ok, 2 pools, 2 routes\n']);
  });

  it('shows each problem at its line with the line below, and exits with 2', async () => {
    write('gateway.yaml', bad);
    const { code, stdout } = await runCommand(['check'], { cwd });
    const [problem, line, caret, count] = stdout.split('\n');
    expect(problem).toBe('gateway.yaml:1:11 listen.prot: is not a known key (did you mean port?)');
    expect([line, caret, count]).toEqual(['  1 | listen: { prot: 1 }', '    |           ^', '1 problem']);
    expect(code).toBe(2);
  });

  it('prints the problems as JSON', async () => {
    write('other.yaml', bad);
    const { code, stdout } = await runCommand(['check', '-c', 'other.yaml', '--json'], { cwd });
    const problem = { file: 'other.yaml', line: 1, column: 11, path: 'listen.prot' };
    expect(JSON.parse(stdout)).toEqual([
      { ...problem, message: 'is not a known key', hint: 'did you mean port?' },
    ]);
    expect(code).toBe(2);
  });

  it('warns of what may surprise, at its line, and exits with 0', async () => {
    write(
      'gateway.yaml',
      `${good}    forward_headers: [x-tenant]\n    tools:\n      - { match: a, cache: { ttl: 1m, scope: public } }\n`,
    );
    const { code, stdout } = await runCommand(['check'], { cwd });
    const [warning, , , ok] = stdout.split('\n');
    expect(warning).toMatch(
      /^gateway\.yaml:7:\d+ pools\[0\]\.tools\[0\]\.cache\.scope: warning: shares .*x-tenant/,
    );
    expect([code, ok]).toEqual([0, 'gateway.yaml: ok, 1 pool, 2 routes, 1 warning']);
    const { stdout: data } = await runCommand(['check', '--json'], { cwd });
    expect(JSON.parse(data)).toMatchObject([{ line: 7, severity: 'warning' }]);
  });

  it('exits with 2 when the certificate of the listener does not fit its key', async () => {
    const [{ cert }, { key }] = [makeCertificate(cwd, 'one'), makeCertificate(cwd, 'other')];
    write('gateway.yaml', `listen: { tls: { cert: one.crt, key: other.key } }\n${good}`);
    const { code, stdout } = await runCommand(['check', '-c', join(cwd, 'gateway.yaml')], { cwd });
    expect([code, stdout]).toEqual([2, expect.stringContaining(`listen.tls.key: ${key} cannot be used: `)]);
    write('gateway.yaml', `listen: { tls: { cert: ${cert}, key: one.key } }\n${good}`);
    expect(await runCommand(['check'], { cwd })).toMatchObject({ code: 0 });
  });

  it('takes the file from MCP_GATEWAY_CONFIG, and exits with 2 when it is missing', async () => {
    const { code, stdout } = await runCommand(['check'], { cwd, env: { MCP_GATEWAY_CONFIG: 'none.yaml' } });
    expect([code, stdout]).toEqual([2, 'none.yaml:1:1 file: cannot be read: ENOENT\n1 problem\n']);
  });

  it('exits with 2 on bad usage', async () => {
    expect(await runCommand(['check', '--nonsense'], { cwd })).toMatchObject({ code: 2 });
  });
});

describe('print-config', () => {
  const secrets = { TOKEN: 'the-admin-token', KEY: '6fd2c3f0a9be41d07c85e1b2934af86d', BEARER: 'the-bearer' };
  const text = `admin: { token: "\${TOKEN}" }\nsession_keys: ["\${KEY}"]\n${good}    headers: { authorization: "\${BEARER}" }\n`;

  it('writes every default in the words of the file, without secrets', async () => {
    write('gateway.yaml', text);
    const { code, stdout } = await runCommand(['print-config'], { cwd, env: secrets });
    expect(code).toBe(0);
    for (const secret of Object.values(secrets)) expect(stdout).not.toContain(secret);
    expect(parse(stdout)).toMatchObject({
      listen: { port: 8080, max_body: '4MiB' },
      admin: { token: '********' },
      limits: { timeout: '30s', max_timeout: '10m', session_ttl: '24h' },
      session_keys: ['********'],
      pools: [{ connect_timeout: '2s', headers: { authorization: '********' } }],
      routes: [{ path: '/mcp' }, { path: '/a/mcp' }],
    });
  });

  it('shows where endpoints are, but not what stands in their query', async () => {
    write('gateway.yaml', poolAt('http://a.example:8000/mcp?key=the-key', 'http://a.example:8000/mcp'));
    const { stdout } = await runCommand(['print-config'], { cwd });
    expect(stdout).not.toContain('the-key');
    expect(parse(stdout)).toMatchObject({
      pools: [
        { endpoints: [{ url: 'http://a.example:8000/mcp?********' }, { url: 'http://a.example:8000/mcp' }] },
      ],
    });
    write('gateway.yaml', poolAt('http://a.example/mcp?key=the-key', 'http://a.example/mcp?key=the-key'));
    const { code, stdout: problems } = await runCommand(['check', '--json'], { cwd });
    expect([code, problems.includes('the-key')]).toEqual([2, false]);
  });

  it('prints something that is itself a valid file when nothing is secret', async () => {
    write('gateway.yaml', `${good}    tools: [{ match: "*", hedge: { after: 500ms } }]\n`);
    const { stdout } = await runCommand(['print-config'], { cwd });
    write('printed.yaml', stdout);
    expect(await runCommand(['check', '-c', 'printed.yaml'], { cwd })).toMatchObject({ code: 0 });
  });

  it('prints JSON, and refuses a bad file with 2', async () => {
    write('gateway.yaml', text);
    const printed = await runCommand(['print-config', '--json'], { cwd, env: secrets });
    expect(JSON.parse(printed.stdout)).toMatchObject({ version: 1, log: { level: 'info' } });
    write('gateway.yaml', bad);
    const refused = await runCommand(['print-config'], { cwd });
    expect([refused.code, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toContain('gateway.yaml:1:11 listen.prot: is not a known key');
  });
});

describe('init', () => {
  it('writes a file that passes check, and does not overwrite it', async () => {
    expect(await runCommand(['init'], { cwd })).toMatchObject({ code: 0 });
    expect(await runCommand(['check'], { cwd })).toMatchObject({ code: 0 });
    write('gateway.yaml', 'mine');
    const refused = await runCommand(['init'], { cwd });
    expect([refused.code, refused.stderr]).toEqual([2, 'gateway.yaml exists; --force overwrites it\n']);
    expect(readFileSync(join(cwd, 'gateway.yaml'), 'utf8')).toBe('mine');
    expect(await runCommand(['init', '--force'], { cwd })).toMatchObject({ code: 0 });
  });

  it("turns a client's servers into pools and routes, with their secrets in variables", async () => {
    const list = {
      mcpServers: {
        'Search Docs': {
          type: 'http',
          url: 'https://s.example/mcp',
          headers: { Authorization: 'Bearer hunter2' },
        },
        db: { url: 'http://10.0.0.1/mcp' },
        files: { command: 'npx', args: ['files'] },
        'old\none': { type: 'sse', url: 'http://10.0.0.2/sse' },
      },
    };
    write('mcp.json', JSON.stringify(list));
    const { code, stdout } = await runCommand(['init', '--from', 'mcp.json'], { cwd });
    expect([code, stdout]).toEqual([0, expect.stringContaining('SEARCH_DOCS_AUTHORIZATION')]);
    const text = readFileSync(join(cwd, 'gateway.yaml'), 'utf8');
    expect(text).not.toContain('hunter2');
    expect(text).toContain('#   "files": the stdio transport is not supported yet');
    expect(text).toContain('#   "old\\none": the sse transport is not supported yet');
    expect(parse(text)).toMatchObject({
      pools: [
        { name: 'Search-Docs', headers: { authorization: 'Bearer ${SEARCH_DOCS_AUTHORIZATION}' } },
        { name: 'db', endpoints: [{ url: 'http://10.0.0.1/mcp' }] },
      ],
      routes: [{ path: '/Search-Docs/mcp' }, { path: '/db/mcp' }],
    });
    const env = { SEARCH_DOCS_AUTHORIZATION: 'x' };
    expect(await runCommand(['check'], { cwd, env })).toMatchObject({ code: 0 });
  });

  it('reads the list of VS Code, which may have comments', async () => {
    write(
      'mcp.json',
      '{\n  // mine\n  "servers": { "db": { "type": "http", "url": "http://10.0.0.1/mcp" }, }, /* all */\n}\n',
    );
    expect(await runCommand(['init', '--from', 'mcp.json'], { cwd })).toMatchObject({ code: 0, stderr: '' });
    const text = readFileSync(join(cwd, 'gateway.yaml'), 'utf8');
    expect(parse(text)).toMatchObject({
      pools: [{ name: 'db', endpoints: [{ url: 'http://10.0.0.1/mcp' }] }],
    });
  });

  it.each([
    ['not json', /is not JSON/],
    ['{}', /has neither mcpServers nor servers/],
    ['{"servers":{"a":{"type":"stdio","command":"x"}}}', /lists no server/],
  ])('refuses %s and writes nothing', async (list, message) => {
    write('mcp.json', list);
    const { code, stderr } = await runCommand(['init', '--from', 'mcp.json'], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(existsSync(join(cwd, 'gateway.yaml'))).toBe(false);
  });
});
