/** The building blocks of the schema's fields: durations, sizes, secrets, names and addresses. */
import { z } from 'zod';
import type { Parsed } from '../units.ts';
import {
  DURATION_PATTERN,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  SIZE_PATTERN,
} from '../units.ts';

/** Joins a message and its hint; `config/issues.ts` splits them again, for zod carries one text only. */
export function withHint(message: string, hint: string): string {
  return `${message}\n${hint}`;
}

/** A duration with its unit in the YAML, milliseconds when parsed. */
export function duration(limits: { min?: number } = {}) {
  const least = limits.min ?? 0;
  return unitField(parseDuration, DURATION_PATTERN, 'duration', least, formatDuration);
}

/** A size with its unit in the YAML, bytes when parsed. */
export function size(limits: { min?: number } = {}) {
  const least = limits.min ?? 0;
  return unitField(parseSize, SIZE_PATTERN, 'size', least, formatSize);
}

function unitField(
  parse: (input: unknown) => Parsed,
  pattern: string,
  kind: 'duration' | 'size',
  least: number,
  format: (value: number) => string,
) {
  const text = z
    .string({
      error: (issue) => {
        const parsed = parse(issue.input);
        return parsed.ok ? undefined : withHint(parsed.message, parsed.hint);
      },
    })
    .meta({ pattern, kind });
  return text.transform((value, ctx) => {
    const parsed = parse(value);
    if (!parsed.ok) {
      ctx.addIssue(withHint(parsed.message, parsed.hint));
      return z.NEVER;
    }
    if (parsed.value < least) {
      ctx.addIssue(`must be at least ${format(least)}`);
      return z.NEVER;
    }
    return parsed.value;
  });
}

/** A text that is masked when shown; the YAML may give `{ file: PATH }` instead (`config/secrets.ts`). */
export function secret() {
  return z.string().meta({ kind: 'secret' });
}

/** A text that must match a pattern, with the sentence that says so. */
export function pattern(regex: RegExp, message: string, hint?: string) {
  return z.string().regex(regex, hint === undefined ? message : withHint(message, hint));
}

/** A whole number with bounds. */
export function count(min: number, max: number) {
  return z.int().min(min).max(max);
}

/** A TCP port to listen on (0 lets the system choose) or to dial. */
export function port(min: 0 | 1 = 0) {
  return count(min, 65_535);
}

/** A host name or IP address without scheme, port or path. */
export function host() {
  return pattern(
    /^[A-Za-z0-9._:-]+$/,
    'must be a host name or an IP address',
    'without scheme, port or path',
  );
}

/** An absolute http or https URL without credentials or fragment. */
export function httpUrl() {
  return z.string().superRefine((text, ctx) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:\/\//i.test(text)) {
      ctx.addIssue(withHint('must be an http or https URL', 'for example http://10.0.1.10:8000/mcp'));
    } else if (url.username !== '' || url.password !== '') {
      ctx.addIssue(withHint('must not carry a user name or password', 'send credentials with headers'));
    } else if (text.includes('#')) {
      ctx.addIssue('must not have a fragment (#...)');
    }
  });
}

/** A token (RFC 9110 section 5.6.2). */
export const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** A header name (RFC 9110 section 5.1), in lower case when parsed. */
export function headerName() {
  return pattern(TOKEN, 'is not a valid header name').transform((name) => name.toLowerCase());
}

/** A header's value, which is a secret and may not break the line (RFC 9110 section 5.5). */
export function headerValue() {
  return secret().refine(
    (text) => /^[\t\x20-\x7e\x80-\xff]*$/.test(text),
    'must be one line of Latin-1 text',
  );
}

/** A pattern of tool names: `*` stands for any run of characters, `?` for one; nothing else is special. */
export function toolGlob() {
  return pattern(
    /^[A-Za-z0-9_./?*-]+$/,
    'must be a tool name or a glob',
    'only * and ? are special; regular expressions are not supported',
  );
}
