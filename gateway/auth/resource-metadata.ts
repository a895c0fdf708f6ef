// Protected resource metadata (RFC 9728): tells clients which authorization server issues tokens for this gateway.

export interface MetadataSettings {
  /** What tokens must be issued for; also the `resource` that clients compare with the URL they call. */
  readonly audience: string;
  readonly issuer: string;
  readonly scopes: readonly string[];
  /** Where clients reach the gateway; undefined: at the audience. */
  readonly publicUrl: string | undefined;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** URL of the metadata for the route at `path`: the well-known part goes between host and path (RFC 9728 section 3.1). */
export function metadataUrl(path: string, { audience, publicUrl }: MetadataSettings): string {
  return new URL(publicUrl ?? audience).origin + WELL_KNOWN + path;
}

/** The documents to serve, as JSON text by path: one for each route, and the root one for clients that look there. */
export function metadataDocuments(
  paths: readonly string[],
  { audience, issuer, scopes }: MetadataSettings,
): ReadonlyMap<string, string> {
  const text = JSON.stringify({
    resource: audience,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    ...(scopes.length > 0 && { scopes_supported: scopes }),
    resource_name: 'mcp-gateway',
  });
  return new Map([WELL_KNOWN, ...paths.map((path) => WELL_KNOWN + path)].map((path) => [path, text]));
}
