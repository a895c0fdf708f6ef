// Identity: builds what a configuration says of callers, as stages and documents for the routes.
import { hash } from 'node:crypto';
import type { Config } from '../../config/schema.ts';
import type { ClientPolicy } from '../core/principal.ts';
import type { Stage } from '../core/stage.ts';
import { ApiKeys } from './api-keys.ts';
import { authenticate } from './authenticate.ts';
import { challenges } from './challenge.ts';
import { Tokens } from './jwt.ts';
import type { KeySetListener } from './key-set.ts';
import { KeySet } from './key-set.ts';
import { metadataDocuments, metadataUrl, resourceOf } from './resource-metadata.ts';

export interface Identity {
  /** The stage of a route; undefined where nobody can have a credential and none is asked for. */
  authenticate(path: string, passesAuthorization: boolean): Stage | undefined;
  /** Resource metadata to serve without a credential, as JSON text by path. */
  readonly documents: ReadonlyMap<string, string>;
}

/** Builds the identity of a configuration; `policies` are the named clients'. */
export function buildIdentity(
  { auth, clients, listen, routes }: Config,
  policies: ReadonlyMap<string, ClientPolicy>,
  onKeySet: KeySetListener,
): Identity {
  const keys = new ApiKeys(
    clients.flatMap(({ id, api_key, api_key_sha256 }) => {
      const hex = api_key_sha256 ?? (api_key === undefined ? undefined : hash('sha256', api_key, 'hex'));
      if (hex === undefined) return [];
      const principal = { id, binding: JSON.stringify(['api_key', id]), policy: policies.get(id) };
      return [{ digest: Buffer.from(hex, 'hex'), principal }];
    }),
  );
  const { jwt } = auth;
  const required = auth.mode === 'required';
  const tokensFor = jwt && verifiers(jwt, policies, new KeySet(jwt.jwks_uri, onKeySet));
  const tokens = jwt && tokensFor?.(jwt.audience);
  const metadata = jwt && {
    audience: jwt.audience,
    issuer: jwt.issuer,
    scopes: jwt.scopes,
    publicUrl: listen.public_url,
  };
  return {
    authenticate(path, passesAuthorization) {
      if (!required && keys.size === 0 && tokens === undefined) return undefined;
      const resource = metadata && resourceOf(path, metadata);
      // Clients ask for tokens for the resource that the metadata names, which not every authorization server heeds.
      const isOther = resource !== undefined && resource !== metadata?.audience;
      const own = isOther && jwt ? tokensFor?.(jwt.audience, resource) : tokens;
      const settings = {
        metadataUrl: metadata && metadataUrl(path, metadata),
        scopes: metadata?.scopes ?? [],
      };
      return authenticate({
        required,
        keys,
        tokens: own,
        challenges: challenges(settings),
        passesAuthorization,
      });
    },
    documents: metadata
      ? metadataDocuments(
          routes.map(({ path }) => path),
          metadata,
        )
      : new Map(),
  };
}

/** Makes what verifies the tokens for some audiences; all share the keys. */
function verifiers(
  { issuer, client_claim: clientClaim, scopes }: NonNullable<Config['auth']['jwt']>,
  policies: ReadonlyMap<string, ClientPolicy>,
  keys: KeySet,
): (...audiences: string[]) => Tokens {
  return (...audiences) => new Tokens({ issuer, audiences, clientClaim, scopes, policies }, keys);
}
