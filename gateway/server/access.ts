// Access by Host and Origin: keeps web pages from reaching the gateway through a browser (DNS rebinding, CSRF), and CORS.
import type { Inbound } from '../mcp/inbound.ts';
import { bareName, FOREIGN_HOST, isLoopbackName, isOwnOrigin } from './host-names.ts';

export interface AccessRules {
  /** Host names, with or without port; empty: see `loopbackOnly`. */
  readonly allowedHosts: readonly string[];
  /** Origins of browsers' pages that may call. */
  readonly allowedOrigins: readonly string[];
  /** True when the listener is bound to loopback: then only loopback names are its own. */
  readonly loopbackOnly: boolean;
}

/** Why a request may not come in by its Host or Origin; undefined when it may. */
export function accessFault(inbound: Inbound, rules: AccessRules): string | undefined {
  const host = inbound.host?.toLowerCase();
  if (!hostAllowed(host, rules)) return FOREIGN_HOST;
  const { origin } = inbound;
  if (origin === undefined || rules.allowedOrigins.includes(origin)) return undefined;
  return isOwnOrigin(origin, host) ? undefined : 'This origin is not allowed (listen.allowed_origins)';
}

function hostAllowed(host: string | undefined, { allowedHosts, loopbackOnly }: AccessRules): boolean {
  if (allowedHosts.length === 0 && !loopbackOnly) return true;
  if (host === undefined) return false;
  const name = bareName(host);
  if (allowedHosts.length === 0) return isLoopbackName(name);
  return allowedHosts.some((allowed) => allowed === host || allowed === name);
}

const exposed = 'Mcp-Session-Id, WWW-Authenticate, Retry-After, Cache-Status';

/** CORS headers for a page that may call (WHATWG Fetch, "CORS protocol"). */
export function corsHeaders(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposed,
    vary: 'Origin',
  };
}

/** The answer headers of a preflight; `asked` is its Access-Control-Request-Headers. */
export function preflightHeaders(
  origin: string | undefined,
  asked: string | undefined,
): Record<string, string> {
  return {
    ...(origin === undefined ? {} : corsHeaders(origin)),
    'access-control-allow-methods': 'GET, POST, DELETE',
    'access-control-allow-headers': asked ?? 'content-type',
    'access-control-max-age': '600',
  };
}
