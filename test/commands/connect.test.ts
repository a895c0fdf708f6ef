// What `connect` prints is what the clients read: each snippet is parsed back.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { beforeEach, describe, expect, it } from 'vitest';
import { clientNames, clientSnippets, connectionName } from '../../config/client-snippets.ts';
import { runCommand } from './run-command.ts';

const url = 'https://gw.example.com/search/mcp';
const open = { url, name: 'search', needsKey: false };
const locked = { ...open, needsKey: true };

function first(client: (typeof clientNames)[number], connection = open): unknown {
  const [snippet] = clientSnippets(client, connection);
  if (snippet?.language === 'json') return JSON.parse(snippet.text);
  return snippet?.language === 'toml' ? parseToml(snippet.text) : snippet?.text;
}

describe('the snippet for', () => {
  it('Claude Code is a command, or a file with mcpServers', () => {
    expect(first('claude-code')).toBe(`claude mcp add --transport http search ${url}`);
    const [, file] = clientSnippets('claude-code', open);
    expect(JSON.parse(file?.text ?? '')).toEqual({ mcpServers: { search: { type: 'http', url } } });
  });

  it('Cursor has mcpServers', () => {
    expect(first('cursor')).toEqual({ mcpServers: { search: { url } } });
  });

  it('VS Code has servers, unlike all others', () => {
    expect(first('vscode')).toEqual({ servers: { search: { type: 'http', url } } });
  });

  it('Codex is TOML with a table of mcp_servers', () => {
    expect(first('codex')).toEqual({ mcp_servers: { search: { url } } });
  });

  it('Claude Desktop runs a bridge', () => {
    const args = ['-y', 'mcp-remote', url];
    expect(first('claude-desktop')).toEqual({ mcpServers: { search: { command: 'npx', args } } });
  });
});

describe('where a key is needed, the snippet for', () => {
  it.each(clientNames)('%s parses, and takes the key from the environment or asks for it', (client) => {
    const text = JSON.stringify(first(client, locked));
    expect(text).toMatch(/MCP_GATEWAY_KEY|\$\{input:mcp-gateway-key\}/);
  });

  it('Codex names the variable where Codex looks', () => {
    expect(first('codex', locked)).toEqual({
      mcp_servers: { search: { url, bearer_token_env_var: 'MCP_GATEWAY_KEY' } },
    });
  });

  it('VS Code asks for it', () => {
    expect(first('vscode', locked)).toMatchObject({
      inputs: [{ id: 'mcp-gateway-key', password: true }],
      servers: { search: { headers: { Authorization: 'Bearer ${input:mcp-gateway-key}' } } },
    });
  });
});

describe('a connection', () => {
  it.each([
    ['/mcp', 'gateway'],
    ['/search/mcp', 'search'],
    ['/team/a.b/mcp', 'team-a-b'],
  ])('to %s is called %s', (path, name) => {
    expect(connectionName(path)).toBe(name);
  });
});

describe('connect', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'connect-'));
    const pools = 'pools: [{ name: a, endpoints: [{ url: "http://127.0.0.1:1/mcp" }] }]';
    const routes = 'routes: [{ path: /mcp, pools: [a] }, { path: /a/mcp, pools: [a] }]';
    writeFileSync(
      join(cwd, 'gateway.yaml'),
      `listen: { port: 8123, public_url: "https://gw.example.com/" }\n${pools}\n${routes}\n`,
    );
    return () => rmSync(cwd, { recursive: true });
  });

  it('prints what goes into the file and nothing else, under the public URL', async () => {
    const { code, stdout, stderr } = await runCommand(['connect', 'vscode'], { cwd });
    expect(JSON.parse(stdout)).toEqual({
      servers: { gateway: { type: 'http', url: 'https://gw.example.com/mcp' } },
    });
    expect([code, stderr]).toEqual([0, expect.stringContaining('.vscode/mcp.json')]);
  });

  it('takes a route and a name', async () => {
    const args = ['connect', 'codex', '--route', '/a/mcp', '--name', 'mine'];
    const { stdout } = await runCommand(args, { cwd });
    expect(parseToml(stdout)).toEqual({ mcp_servers: { mine: { url: 'https://gw.example.com/a/mcp' } } });
  });

  it.each([
    [['connect', 'emacs'], /claude-code, cursor, vscode, codex, claude-desktop/],
    [['connect', 'cursor', '--route', '/b'], /there is \/mcp, \/a\/mcp/],
    [['connect', 'cursor', '--name', '"; rm'], /letters/],
  ])('exits with 2 where %j cannot be', async (args, message) => {
    const { code, stdout, stderr } = await runCommand(args, { cwd });
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
  });
});
