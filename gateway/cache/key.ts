// Cache keys: what was asked, as one hash, and for whom; nothing that could change an answer may be left out.
import { hash } from 'node:crypto';
import type { Exchange } from '../core/exchange.ts';
import { canonicalJson } from '../mcp/canonical-json.ts';
import type { ResultForm } from '../mcp/eras/era.ts';
import { Method } from '../mcp/methods.ts';
import type { CacheRule, PoolRules, Scope } from './rules.ts';

/** A key's parts: `what` is a hash (base64url), `who` tells callers apart and never leaves memory unhashed. */
export interface CacheKey {
  readonly what: string;
  readonly who: string;
}

const PUBLIC = 'public';
/** How canonical JSON with digits that no double holds begins. */
const EXACT = 'exact:';

/** The key of `what`, asked by `x` under `scope`; with `form` for answers of that form only. */
export function keyFor(
  x: Exchange,
  rules: PoolRules,
  rule: CacheRule,
  what: string,
  scope: Scope,
  form: ResultForm | undefined,
): CacheKey {
  const key = { what, who: whoKey(x, rules, rule, scope) };
  return form === undefined ? key : keyOfForm(key, form);
}

/** The key's text, as the memory store has it. */
export function keyText({ what, who }: CacheKey): string {
  return `${what}:${who}`;
}

/** The form that results have for the client of `x`. */
export function formOf({ era, envelope, inbound }: Exchange): ResultForm {
  return era.resultForm(envelope.revision ?? inbound.protocolVersion);
}

/** The key of the same question for answers of one form only; no other way of telling callers apart has a space there. */
export function keyOfForm({ what, who }: CacheKey, form: ResultForm): CacheKey {
  return { what, who: `${form} ${who}` };
}

/** The hash of what is asked; undefined when the request could be read in two ways. `subject`: tool or method. */
export function whatKey(x: Exchange, rules: PoolRules, rule: CacheRule, subject: string): string | undefined {
  const { envelope, body } = x;
  if (body === undefined) return undefined;
  if (envelope.method !== Method.toolsCall) return whatOfParams(rules, envelope.method, paramsOf(body));
  const { argumentsStart: start, argumentsEnd: end } = envelope;
  const args = start === end ? '' : canonicalJson(body, start, end);
  if (args === undefined) return undefined;
  return whatOfTool(rules, subject, chosenArguments(args, rule.varyPaths));
}

/** The hash of a tool's call with these arguments in canonical JSON; empty for a call without. */
export function whatOfTool(rules: PoolRules, tool: string, args: string): string {
  return digest(rules.pool, rules.generation, Method.toolsCall, tool, args);
}

/** The hash of a list or read with these parameters, `_meta` left out. */
function whatOfParams(rules: PoolRules, method: string, params: string | undefined): string | undefined {
  return params === undefined ? undefined : digest(rules.pool, rules.generation, method, '', params);
}

/** Who an answer is for under `scope`; a stated scope begins as the client's own. */
function whoKey(x: Exchange, rules: PoolRules, rule: CacheRule, scope: Scope): string {
  const vary = rule.varyHeaders.length === 0 ? '' : headerValues(x.inbound.raw, rule.varyHeaders);
  const { principal, session } = x;
  if (scope === 'public') {
    // Whoever may get less than others has entries apart: what is kept for others was not cut to that size.
    const cap = principal.policy?.responseChars;
    return vary === '' && cap === undefined ? PUBLIC : `${PUBLIC}${digest(vary, String(cap ?? ''))}`;
  }
  const own = scope === 'session' ? (session?.nonce ?? '') : '';
  // What the upstream is told of the client may be what its answer depends on.
  const seen = rules.forwardedHeaders.length === 0 ? '' : headerValues(x.inbound.raw, rules.forwardedHeaders);
  if (own === '' && vary === '' && seen === '') {
    return `${principal.binding.length}:${principal.binding}${principal.id}`;
  }
  return digest(principal.binding, principal.id, own, vary, seen);
}

/** Lengths go in with the parts, so that no two lists of parts make one text. */
function digest(...parts: string[]): string {
  let text = '';
  for (const part of parts) text += `${part.length}:${part}`;
  return hash('sha256', text, 'base64url');
}

/** Canonical JSON of `params` without `_meta`; undefined where it holds more than lists and reads are asked with. */
function paramsOf(body: Buffer): string | undefined {
  const canonical = canonicalJson(body);
  if (canonical === undefined || canonical.startsWith(EXACT)) return undefined;
  const { params = {} } = JSON.parse(canonical) as { params?: unknown };
  if (typeof params !== 'object' || params === null) return undefined;
  const { _meta, ...asked } = params as Record<string, unknown>;
  return JSON.stringify(asked);
}

/** The arguments that tell answers apart: all without `paths`. One that is absent differs from one that is null. */
export function chosenArguments(args: string, paths: readonly (readonly string[])[]): string {
  if (paths.length === 0) return args;
  const exact = args.startsWith(EXACT) ? EXACT : '';
  const value: unknown = args === '' ? undefined : JSON.parse(args.slice(exact.length));
  return `${exact}[${paths.map((path) => JSON.stringify(at(value, path)) ?? '').join(',')}]`;
}

function at(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

function headerValues(raw: readonly string[], names: readonly string[]): string {
  const values = names.map((wanted) => {
    const found: string[] = [];
    for (let i = 0; i < raw.length; i += 2) {
      if ((raw[i] as string).toLowerCase() === wanted) found.push(raw[i + 1] as string);
    }
    return found;
  });
  return JSON.stringify(values);
}

/** The key's name in the shared store. */
export function sharedName(key: CacheKey): string {
  return digest(key.what, key.who);
}
