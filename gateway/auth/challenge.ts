// Challenges: the `WWW-Authenticate` headers that tell a client what credential to bring and where to get it.

/** What a route's challenges say. */
export interface ChallengeSettings {
  /** URL of the route's resource metadata; undefined when there is no authorization server to name. */
  readonly metadataUrl: string | undefined;
  readonly scopes: readonly string[];
}

/** Finished challenge headers of one route, each as name, value. */
export interface Challenges {
  /** No credential came. */
  readonly missing: readonly string[];
  /** A credential came and is not good. */
  readonly invalid: readonly string[];
  /** A good token lacks a scope. */
  readonly scope: readonly string[];
}

/** Builds a route's challenges once (RFC 6750 section 3, RFC 9728 section 5.1; MCP authorization, "Scope selection"). */
export function challenges({ metadataUrl, scopes }: ChallengeSettings): Challenges {
  const where = [
    ...(scopes.length > 0 ? [`scope="${scopes.join(' ')}"`] : []),
    ...(metadataUrl === undefined ? [] : [`resource_metadata="${metadataUrl}"`]),
  ];
  const header = (...first: string[]) => ['www-authenticate', `Bearer ${[...first, ...where].join(', ')}`];
  const realm = 'realm="mcp-gateway"';
  return {
    missing: header(realm),
    invalid: header(realm, 'error="invalid_token"'),
    scope: header(realm, 'error="insufficient_scope"'),
  };
}
