// Replies that are HTTP errors or redirects.
import type { Fault, Faults } from './fault.ts';
import { JSON_TYPE } from './wire.ts';

const REDIRECTS: Readonly<Record<string, string>> = {
  redirect: 'http://127.0.0.1:9/elsewhere',
  'redirect-metadata': 'http://169.254.169.254/latest/meta-data/',
  'redirect-loop': '/mcp',
};

const LINES: Readonly<Record<number, Record<string, string>>> = {
  401: { 'www-authenticate': 'Bearer realm="upstream", resource_metadata="http://upstream.internal/meta"' },
  429: { 'retry-after': '2' },
  503: { 'retry-after': '2' },
};

/** Redirects by name: 307, so that a client that follows sends the body along. */
export const REDIRECT: Faults = Object.fromEntries(
  Object.entries(REDIRECTS).map(([name, location]): [string, Fault] => [
    name,
    ({ wire }) => wire.reply(307, { location }, ''),
  ]),
);

/** `status-NNN`: that status with a plain text body, and the headers that belong to it. */
export const status: Fault = ({ wire, name }) => {
  const code = Number(name.slice('status-'.length));
  const body = code === 204 || code === 304 ? '' : `upstream says ${code}`;
  return wire.reply(code, { 'content-type': 'text/plain', ...LINES[code] }, body);
};

/** Errors of HTTP as whatever stands before a server makes them: called JSON, and no JSON-RPC. */
const MISLABELLED: Faults = Object.fromEntries(
  [400, 429, 503].flatMap((code) => {
    const reply =
      (text: string): Fault =>
      ({ wire }) =>
        wire.reply(code, { ...JSON_TYPE, ...LINES[code] }, text);
    return [
      [`json-${code}`, reply('{"message":"not now"}')],
      [`text-as-json-${code}`, reply('not now')],
    ];
  }),
);

/** Errors of HTTP whose body is an answer all the same, or claims to be. */
export const ANSWERED: Faults = {
  ...MISLABELLED,
  'rpc-error-500': ({ wire, id }) => {
    const error = '{"code":-32603,"message":"it broke"}';
    return wire.reply(500, JSON_TYPE, `{"jsonrpc":"2.0","id":${id},"error":${error}}`);
  },
};
