// Eras: which one a request is of, and what its headers must say.
import { describe, expect, it } from 'vitest';
import { noEnvelope } from '../../gateway/mcp/envelope.ts';
import { readEnvelope } from '../../gateway/mcp/envelope-reader.ts';
import { classify, isFault } from '../../gateway/mcp/eras/classify.ts';
import { legacy } from '../../gateway/mcp/eras/legacy.ts';
import { modern } from '../../gateway/mcp/eras/modern.ts';
import { Inbound } from '../../gateway/mcp/inbound.ts';

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const claim = { _meta: { [VERSION]: '2026-07-28' } };

function envelope(message: unknown) {
  if (message === undefined) return noEnvelope;
  const result = readEnvelope(Buffer.from(JSON.stringify(message)));
  if ('problem' in result) throw new Error(result.problem);
  return result;
}

function inbound(headers: Partial<Inbound>): Inbound {
  return Object.assign(new Inbound(), headers);
}

/** What becomes of a request: its era, or the code of its fault. */
function verdict(headers: Partial<Inbound>, message: unknown): string | number {
  const era = classify(inbound(headers), envelope(message));
  if (isFault(era)) return era.code;
  return era.check(inbound(headers), envelope(message))?.code ?? era.name;
}

const request = (method: string, params?: unknown) => ({ jsonrpc: '2.0', id: 1, method, params });
const notification = (method: string, params?: unknown) => ({ jsonrpc: '2.0', method, params });
const head = (mcpMethod: string, mcpName?: string): Partial<Inbound> => ({
  protocolVersion: '2026-07-28',
  mcpMethod,
  ...(mcpName !== undefined && { mcpName }),
});
const call = (name: unknown) => request('tools/call', { name, ...claim });

describe('the era of a request', () => {
  it.each([
    ['a request with nothing', {}, request('tools/list'), 'legacy'],
    ['an initialize', {}, request('initialize', { protocolVersion: '2025-11-25' }), 'legacy'],
    ['a request under an older version', { protocolVersion: '2025-11-25' }, request('tools/list'), 'legacy'],
    [
      'a request under a version that is no date',
      { protocolVersion: 'DRAFT-2027' },
      request('tools/list'),
      'legacy',
    ],
    ['a GET', { method: 'GET' }, undefined, 'legacy'],
    ['a GET of a modern client', { method: 'GET', protocolVersion: '2026-07-28' }, undefined, 'legacy'],
    ['a DELETE', { method: 'DELETE', protocolVersion: '2026-07-28' }, undefined, 'legacy'],
    ['a posted response', { protocolVersion: '2026-07-28' }, { jsonrpc: '2.0', id: 1, result: {} }, 'legacy'],
    ['a notification', {}, notification('notifications/initialized'), 'legacy'],
    ['a batch', {}, [request('tools/list'), notification('x')], 'legacy'],
    ['a claim', head('tools/list'), request('tools/list', claim), 'modern'],
    ['a claim without a header', {}, request('tools/list', claim), -32020],
    ['a claim in a notification', { protocolVersion: '2026-07-28' }, notification('x', claim), 'modern'],
    ['a notification under a modern header', head('x'), notification('x'), 'modern'],
    ['a notification whose header names another', head('y'), notification('x'), -32020],
    ['a modern header without a claim', head('tools/list'), request('tools/list'), -32602],
    [
      'a header of the future without a claim',
      { protocolVersion: '2027-01-01' },
      request('tools/list'),
      -32602,
    ],
    ['an initialize under a modern header', head('initialize'), request('initialize', {}), -32602],
    ['a batch under a modern header', head('x'), [request('x')], -32602],
    ['a batch with a claim in it', {}, [request('x'), request('y', claim)], -32600],
    ['an initialize in a batch', {}, [request('x'), request('initialize')], -32600],
    ['a claim that is no text', head('x'), request('x', { _meta: { [VERSION]: 20260728 } }), -32602],
    ['a claim of null', {}, request('x', { _meta: { [VERSION]: null } }), -32602],
    [
      'a claim under another version',
      { ...head('x'), protocolVersion: '2025-11-25' },
      request('x', claim),
      -32020,
    ],
    [
      'a claim of an older version',
      { ...head('x'), protocolVersion: '2025-11-25' },
      request('x', { _meta: { [VERSION]: '2025-11-25' } }),
      'modern',
    ],
  ])('%s', (_name, headers, message, expected) => {
    expect(verdict(headers, message)).toBe(expected);
  });
});

describe('the headers of a modern request', () => {
  it.each([
    ['say what the body says', head('tools/call', 'safe'), call('safe'), 'modern'],
    ['say it in base64', head('tools/call', '=?base64?c2FmZQ==?='), call('safe'), 'modern'],
    ['say what only base64 can', head('tools/call', '=?base64?5pel5pys?='), call('日本'), 'modern'],
    [
      'say a name that looks like base64 in base64',
      head('tools/call', '=?base64?PT9iYXNlNjQ/UVE9PT89?='),
      call('=?base64?QQ==?='),
      'modern',
    ],
    ['say a name that starts like it as it is', head('tools/call', '=?x'), call('=?x'), 'modern'],
    [
      'name the resource by its URI',
      head('resources/read', 'a:b'),
      request('resources/read', { uri: 'a:b', ...claim }),
      'modern',
    ],
    ['name the prompt', head('prompts/get', 'p'), request('prompts/get', { name: 'p', ...claim }), 'modern'],
    [
      'name the task by its id',
      head('tasks/get', 't1'),
      request('tasks/get', { taskId: 't1', ...claim }),
      'modern',
    ],
    ['need no name for a list', head('tools/list'), request('tools/list', claim), 'modern'],
    [
      'need no name that the body lacks: the upstream says so',
      head('tools/call'),
      request('tools/call', claim),
      'modern',
    ],
    [
      'carry parameters that nobody knows',
      { ...head('tools/list'), mcpParams: ['mcp-param-x', 'y', 'mcp-param-z', '=?base64?5pel?='] },
      request('tools/list', claim),
      'modern',
    ],
    ['miss the method', { protocolVersion: '2026-07-28' }, request('tools/list', claim), -32020],
    ['say another method', head('tools/list'), call('safe'), -32020],
    ['say the method in another case', head('Tools/Call', 'safe'), call('safe'), -32020],
    ['miss the name', head('tools/call'), call('safe'), -32020],
    ['say another name', head('tools/call', 'safe'), call('danger'), -32020],
    ['say the name in another case', head('tools/call', 'Safe'), call('safe'), -32020],
    ['say a name that the body lacks', head('tools/call', 'safe'), request('tools/call', claim), -32020],
    ['say a name that is no text in the body', head('tools/call', '1'), call(1), -32020],
    ['say raw UTF-8, which HTTP reads as Latin-1', head('tools/call', 'æ\u0097¥'), call('日'), -32020],
    ['say the name in broken base64', head('tools/call', '=?base64?c2FmZQ?='), call('safe'), -32020],
    [
      'say base64 that is really the name',
      head('tools/call', '=?base64?QQ==?='),
      call('=?base64?QQ==?='),
      -32020,
    ],
    [
      'confirm a name that the method does not read',
      head('resources/read', 'safe'),
      request('resources/read', { name: 'safe', uri: 'danger', ...claim }),
      -32020,
    ],
    [
      'confirm a URI that the method does not read',
      head('tools/call', 'safe'),
      request('tools/call', { uri: 'safe', name: 'danger', ...claim }),
      -32020,
    ],
    [
      'have a parameter without a name',
      { ...head('tools/list'), mcpParams: ['mcp-param-', 'y'] },
      request('tools/list', claim),
      -32020,
    ],
    [
      'have a parameter in broken base64',
      { ...head('tools/list'), mcpParams: ['mcp-param-x', '=?base64?!?='] },
      request('tools/list', claim),
      -32020,
    ],
  ])('%s', (_name, headers, message, expected) => {
    expect(verdict(headers, message)).toBe(expected);
  });
});

describe('a downgrade', () => {
  const safe = { mcpMethod: 'tools/list', mcpName: 'safe' };

  it.each([
    ['an older version', { ...safe, protocolVersion: '2025-03-26' }],
    ['no version', safe],
  ])('to %s is decided by the body, and its headers do not cross', (_name, headers) => {
    const message = envelope(request('tools/call', { name: 'danger' }));
    const era = classify(inbound(headers), message);
    expect([era, message.method, message.name]).toEqual([legacy, 'tools/call', 'danger']);
    const crossing: string[] = [];
    legacy.pushHeaders(inbound(headers), crossing);
    expect(crossing.join(' ')).not.toMatch(/safe|tools/);
  });

  it('of a request that claims the modern version is refused', () => {
    expect(verdict({ ...safe, protocolVersion: '2025-03-26' }, call('danger'))).toBe(-32020);
    expect(verdict(safe, call('danger'))).toBe(-32020);
  });
});

describe('the headers that cross', () => {
  const all = inbound({
    ...head('tools/call', 'x'),
    lastEventId: '5',
    sessionId: 's',
    mcpParams: ['mcp-param-a', 'b'],
  });

  it('are the legacy era’s version, and the last event where a stream is resumed', () => {
    const version = ['mcp-protocol-version', '2026-07-28'];
    const crossing = (method: string) => {
      const into: string[] = [];
      legacy.pushHeaders({ ...all, method }, into);
      return into;
    };
    expect(crossing('POST')).toEqual(version);
    expect(crossing('DELETE')).toEqual(version);
    expect(crossing('GET')).toEqual([...version, 'last-event-id', '5']);
  });

  it('are the modern era’s mirrors', () => {
    const into: string[] = [];
    modern.pushHeaders(all, into);
    expect(into).toEqual([
      'mcp-protocol-version',
      '2026-07-28',
      'mcp-method',
      'tools/call',
      'mcp-name',
      'x',
      'mcp-param-a',
      'b',
    ]);
  });

  it('are none where the client sent none', () => {
    const into: string[] = [];
    legacy.pushHeaders(new Inbound(), into);
    modern.pushHeaders(new Inbound(), into);
    expect(into).toEqual([]);
  });
});

it('only a modern listen stays open', () => {
  expect([modern.isStream('subscriptions/listen'), modern.isStream('tools/call')]).toEqual([true, false]);
  expect(legacy.isStream('subscriptions/listen')).toBe(false);
});
