// Protected resource metadata (RFC 9728): tells clients which authorization server issues tokens for this gateway.

export interface MetadataSettings {
  /** What tokens must be issued for. */
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

/**
 * What the route at `path` is as a resource. Clients compare it with the URL they call, and ask for tokens for it: the
 * audience where that is the route's URL or one above it, which they take (SDK, `checkResourceAllowed`), else the URL.
 */
export function resourceOf(path: string, { audience, publicUrl }: MetadataSettings): string {
  const base = publicUrl ?? new URL(audience).origin;
  const url = base.replace(/\/+$/, '') + path;
  return covers(new URL(audience), new URL(url)) ? audience : url;
}

function covers(resource: URL, url: URL): boolean {
  const above = resource.pathname.replace(/\/*$/, '/');
  return resource.origin === url.origin && `${url.pathname}/`.startsWith(above);
}

/** The documents to serve, as JSON text by path: one for each route, and the root one for clients that look there. */
export function metadataDocuments(
  paths: readonly string[],
  settings: MetadataSettings,
): ReadonlyMap<string, string> {
  const { audience, issuer, scopes } = settings;
  const textOf = (resource: string) =>
    JSON.stringify({
      resource,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      ...(scopes.length > 0 && { scopes_supported: scopes }),
      resource_name: 'mcp-gateway',
    });
  return new Map([
    [WELL_KNOWN, textOf(audience)],
    ...paths.map((path) => [WELL_KNOWN + path, textOf(resourceOf(path, settings))] as const),
  ]);
}
