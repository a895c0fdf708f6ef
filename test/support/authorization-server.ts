// A real authorization server for tests, which issues tokens of every kind, good and bad.
import { createHmac } from 'node:crypto';
import { Events, OAuth2Server } from 'oauth2-mock-server';

export interface TokenOptions {
  aud?: unknown;
  sub?: string;
  iss?: string;
  scope?: string;
  /** Seconds from now. */
  expiresIn?: number;
  claims?: Record<string, unknown>;
}

export class AuthorizationServer {
  readonly server = new OAuth2Server();
  readonly #audience: string;
  #kid: string | undefined;

  private constructor(audience: string) {
    this.#audience = audience;
  }

  /** Starts a server; its tokens are for `audience` unless the client asks for another resource. */
  static async start(audience: string): Promise<AuthorizationServer> {
    const self = new AuthorizationServer(audience);
    await self.server.issuer.keys.generate('RS256');
    await self.server.start(0, '127.0.0.1');
    self.server.service.on(Events.BeforeTokenSigning, (token, request) => {
      const body = (request as { body?: Record<string, string> } | undefined)?.body;
      if (body === undefined) return;
      token.payload['aud'] = body['resource'] ?? audience;
      token.payload['sub'] ??= 'robot';
    });
    return self;
  }

  get issuer(): string {
    return this.server.issuer.url ?? '';
  }

  get jwksUri(): string {
    return `${this.issuer}/jwks`;
  }

  /** A signed token. */
  token({ aud, sub, iss, scope, expiresIn = 600, claims }: TokenOptions = {}): Promise<string> {
    return this.server.issuer.buildToken({
      ...(this.#kid !== undefined && { kid: this.#kid }),
      expiresIn,
      scopesOrTransform: (_header, payload) => {
        Object.assign(payload, { sub: sub ?? 'alice', aud: aud ?? this.#audience, ...claims });
        if (iss !== undefined) payload.iss = iss;
        if (scope !== undefined) payload['scope'] = scope;
      },
    });
  }

  /** Signs with a new key from now on; the old ones are still published, for the tokens that are about. */
  async rotate(): Promise<void> {
    this.#kid = (await this.server.issuer.keys.generate('ES256')).kid;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The claims of a token under another header: without a signature, or signed with a key that is no secret. */
export function forged(token: string, header: Record<string, unknown>, secret?: string): string {
  const text = `${part(header)}.${token.split('.')[1]}`;
  const signature = secret === undefined ? '' : createHmac('sha256', secret).update(text).digest('base64url');
  return `${text}.${signature}`;
}
