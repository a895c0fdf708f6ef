// Authenticate: settles who calls by the request's head, before a byte of its body is kept.
import type { Exchange } from '../core/exchange.ts';
import type { Principal } from '../core/principal.ts';
import { refusal } from '../core/refusal.ts';
import type { Reply } from '../core/reply.ts';
import type { Handler, Stage } from '../core/stage.ts';
import type { ApiKeys } from './api-keys.ts';
import type { Challenges } from './challenge.ts';
import type { Tokens, TokenVerdict } from './jwt.ts';
import { looksLikeToken } from './jwt.ts';

export interface AuthenticateSettings {
  /** Whether a caller without a credential is turned away, or else known by its address. */
  readonly required: boolean;
  readonly keys: ApiKeys;
  readonly tokens: Tokens | undefined;
  readonly challenges: Challenges;
  /** True where `Authorization` may be meant for the upstream: then one that is not for us is not our business. */
  readonly passesAuthorization: boolean;
}

const MISSING = 'A credential is required: an API key or an access token';
const INVALID = 'The credential is not valid';
const UNKNOWN = 'Access tokens cannot be checked at the moment: the authorization server does not answer';
const NO_SCOPE = 'The access token lacks a scope that is required here';

/**
 * The stage. `X-API-Key`, where it is given, is the credential and `Authorization` is not looked at. All that can be
 * wrong with a credential has one answer: how it is wrong is nobody's business.
 */
export function authenticate(settings: AuthenticateSettings): Stage {
  return (next) => (x) => {
    const { apiKey, authorization, repeated } = x.inbound;
    // Two credentials could mean two callers; the next stage refuses what came twice.
    if (repeated !== undefined) return next(x);
    if (apiKey !== undefined) return admit(x, next, settings, settings.keys.find(apiKey));
    if (authorization !== undefined) return byAuthorization(x, next, settings, authorization);
    return settings.required ? deny(x, settings.challenges.missing, MISSING) : next(x);
  };
}

function byAuthorization(
  x: Exchange,
  next: Handler,
  settings: AuthenticateSettings,
  authorization: string,
): Promise<Reply> {
  const { keys, tokens, required, passesAuthorization } = settings;
  const credential = bearer(authorization);
  const holder = credential === undefined ? undefined : keys.find(credential);
  if (holder !== undefined) return admit(x, next, settings, holder);
  if (credential !== undefined && tokens !== undefined && looksLikeToken(credential)) {
    const verdict = tokens.verify(credential);
    if (typeof verdict === 'string') return deny(x, settings.challenges.invalid, INVALID);
    if ('binding' in verdict) return admit(x, next, settings, verdict);
    return verdict.then((known) => onVerdict(x, next, settings, known));
  }
  if (!required && passesAuthorization) return next(x);
  return deny(x, settings.challenges.invalid, INVALID);
}

function onVerdict(
  x: Exchange,
  next: Handler,
  settings: AuthenticateSettings,
  verdict: TokenVerdict,
): Promise<Reply> | Reply {
  switch (verdict) {
    case 'invalid':
      return admit(x, next, settings, undefined);
    case 'insufficient_scope':
      return x.refuse(refusal('forbidden', { message: NO_SCOPE, headers: settings.challenges.scope }));
    case 'unknown':
      return x.refuse(refusal('overloaded', { message: UNKNOWN }));
    default:
      return admit(x, next, settings, verdict);
  }
}

function admit(
  x: Exchange,
  next: Handler,
  { challenges }: AuthenticateSettings,
  principal: Principal | undefined,
): Promise<Reply> {
  if (principal === undefined) return deny(x, challenges.invalid, INVALID);
  x.principal = principal;
  return next(x);
}

function deny(x: Exchange, headers: readonly string[], message: string): Promise<Reply> {
  return Promise.resolve(x.refuse(refusal('unauthorized', { message, headers })));
}

/** The credential of a Bearer header; the scheme's case does not matter (RFC 9110 section 11.1). */
function bearer(authorization: string): string | undefined {
  const space = authorization.indexOf(' ');
  if (space !== 6 || authorization.slice(0, 6).toLowerCase() !== 'bearer') return undefined;
  const credential = authorization.slice(7).trim();
  return credential === '' ? undefined : credential;
}
