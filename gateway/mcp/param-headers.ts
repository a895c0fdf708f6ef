// `Mcp-Param-*` headers of 2026-07-28: which arguments a tool mirrors, and whether the headers say what the body says.
import { decodeMirrored, encodeMirrored, isToken } from './headers.ts';

/** An argument that is mirrored in a header. */
export interface MirroredParam {
  /** Lower-case header name, e.g. `mcp-param-region`. */
  readonly header: string;
  /** Property names from the arguments' root to the value. */
  readonly path: readonly string[];
}

const MAX_DEPTH = 16;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The mirrored arguments of a tool's input schema: properties with `x-mcp-header`, reached through `properties` alone
 * (MCP 2026-07-28, tools, "x-mcp-header").
 */
export function mirroredParams(schema: unknown): MirroredParam[] {
  const found: MirroredParam[] = [];
  const walk = (node: unknown, path: readonly string[]) => {
    if (!isRecord(node) || !isRecord(node['properties']) || path.length >= MAX_DEPTH) return;
    for (const [name, property] of Object.entries(node['properties'])) {
      if (!isRecord(property)) continue;
      const header = property['x-mcp-header'];
      const here = [...path, name];
      if (typeof header === 'string' && isToken(header)) {
        found.push({ header: `mcp-param-${header.toLowerCase()}`, path: here });
      }
      walk(property, here);
    }
  };
  walk(schema, []);
  return found;
}

/** What is wrong with the headers of a call of a tool that mirrors `params`; undefined when they match its arguments. */
export function paramFault(
  params: readonly MirroredParam[],
  args: unknown,
  headers: readonly string[] | undefined,
): string | undefined {
  for (const { header, path } of params) {
    const value = valueAt(args, path);
    const at = headers === undefined ? -1 : headers.findIndex((name, i) => i % 2 === 0 && name === header);
    if (value === undefined || value === null) {
      if (at !== -1) return `${header} mirrors an argument that the body does not have`;
      continue;
    }
    if (at === -1) return `The ${header} header is missing`;
    const text = decodeMirrored(headers?.[at + 1] as string);
    if (text === undefined || !mirrors(text, value)) return `${header} is not the argument in the body`;
  }
  return undefined;
}

/** The headers that mirror arguments, as name, value, name, value. */
export function mirroringHeaders(params: readonly MirroredParam[], args: unknown): string[] {
  return params.flatMap(({ header, path }) => {
    const value = valueAt(args, path);
    return value === undefined || value === null ? [] : [header, encodeMirrored(String(value))];
  });
}

function valueAt(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const name of path) value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

/** Numbers compare by value (`42.0` is `42`), everything else by its text. */
function mirrors(text: string, value: unknown): boolean {
  if (typeof value === 'number') return text.trim() !== '' && Number(text) === value;
  return text === String(value);
}
