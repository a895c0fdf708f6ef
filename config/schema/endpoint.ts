/** An entry of `pools[].endpoints`: one server address, or a DNS name with one for each address. */
import { z } from 'zod';
import { count, duration, host, httpUrl, pattern, port, withHint } from './fields.ts';

const FORMS = 'url: http://10.0.1.10:8000/mcp, or dns: search.internal with port and path';

const written = z.strictObject({
  url: httpUrl().optional().describe("URL of the server's MCP endpoint."),
  dns: host().optional().describe('Name of which every address becomes an endpoint. Instead of url.'),
  port: port(1).optional().describe('TCP port of the addresses behind dns. When absent: 80.'),
  path: pattern(/^\/[^\s?#]*$/, 'must be a path that begins with /')
    .optional()
    .describe('Path of the MCP endpoint behind dns. When absent: /mcp.'),
  refresh: duration({ min: 1000 }).optional().describe('How often dns is asked again. When absent: 30s.'),
  weight: count(1, 1000).prefault(1).describe('Share of the load, relative to the other endpoints.'),
});

/** One endpoint; either a `url`, or a `dns` name to resolve every `refresh` ms. */
export const endpoint = written.transform((entry, ctx) => {
  const { url, dns, port, path, refresh, weight } = entry;
  if (url !== undefined && dns === undefined) {
    const stray = (['port', 'path', 'refresh'] as const).find((key) => entry[key] !== undefined);
    if (stray === undefined) return { url, weight };
    ctx.addIssue({ code: 'custom', path: [stray], message: withHint('goes with dns, not with url', FORMS) });
    return z.NEVER;
  }
  if (dns !== undefined && url === undefined) {
    return { dns, port: port ?? 80, path: path ?? '/mcp', refresh: refresh ?? 30_000, weight };
  }
  const message = url === undefined ? 'needs a url or a dns name' : 'has both url and dns';
  ctx.addIssue(withHint(message, FORMS));
  return z.NEVER;
});
