/** The effective configuration as gateway.yaml would say it: units written out, secrets masked. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isMap } from './paths.ts';
import type { Path } from './problem.ts';
import type { Config } from './schema.ts';
import { kindAt, schemaAt } from './schema-walk.ts';
import { formatDuration, formatSize } from './units.ts';

const MASK = '********';

/** Writes a parsed configuration back as plain values that may be shown to anyone. */
export function effectiveConfig(config: Config): Record<string, unknown> {
  return writeMap(config, []);
}

/** Writes a part of a parsed configuration, and nothing that is the default at its place. */
export function withoutDefaults(map: Record<string, unknown>, path: Path): Record<string, unknown> {
  const given = Object.entries(map).filter(([key, value]) => {
    const schema = schemaAt([...path, key]);
    return !isDeepStrictEqual(value, schema && z.safeParse(schema, undefined).data);
  });
  return Object.fromEntries(
    given.map(([key, value]) => {
      const at = [...path, key];
      return [key, isMap(value) ? withoutDefaults(value, at) : asWritten(value, at)];
    }),
  );
}

/** Writes one parsed value back, as the file would have it at its path. */
export function asWritten(value: unknown, path: Path): unknown {
  if (Array.isArray(value)) return value.map((item, index) => asWritten(item, [...path, index]));
  if (isMap(value)) return writeMap(value, path);
  const kind = kindAt(path);
  if (kind === 'secret') return mask(String(value));
  if (typeof value === 'string') return withoutQuery(value);
  if (typeof value !== 'number') return value;
  if (kind === 'duration') return formatDuration(value);
  return kind === 'size' ? formatSize(value) : value;
}

function writeMap(map: Record<string, unknown>, path: Path): Record<string, unknown> {
  const given = Object.entries(map).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [key, asWritten(value, [...path, key])]));
}

/** A URL as it may be shown: keys are often given in the query. */
export function withoutQuery(text: string): string {
  const query = /^https?:\/\//i.test(text) ? text.indexOf('?') : -1;
  return query === -1 ? text : `${text.slice(0, query)}?${MASK}`;
}

/** Of a URL only the credentials are secret: where it leads is what one looks for. */
function mask(text: string): string {
  if (!/^[a-z]+:\/\//.test(text) || !URL.canParse(text)) return MASK;
  const url = new URL(text);
  if (url.password === '' && url.username === '' && url.search === '') return text;
  return `${url.protocol}//${MASK}@${url.host}${url.pathname}`;
}
