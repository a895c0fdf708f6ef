/** Turns a YAML document into plain values, putting environment variables in on the way. */
import type { Document, Node, Scalar, YAMLMap } from 'yaml';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Env } from './interpolate.ts';
import { interpolate } from './interpolate.ts';
import type { Finding, Path } from './problem.ts';
import { formatPath } from './problem.ts';

/** Aliases can repeat a subtree exponentially, and each is a search; no real configuration comes near these. */
const MAX_ALIASES = 100;
const MAX_NODES = 50_000;
const MAX_DEPTH = 40;

/** Keys that would reach into JavaScript's own objects. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'prototype', 'constructor']);

export interface Values {
  data: unknown;
  findings: Finding[];
  /** Paths (as `formatPath` writes them) of values that were one interpolation and nothing else. */
  interpolated: ReadonlySet<string>;
}

interface Reading {
  document: Document;
  env: Env;
  findings: Finding[];
  interpolated: Set<string>;
  nodes: number;
  aliases: number;
}

/** Reads the values of a document; of a key that stands twice the first counts. */
export function readValues(document: Document, env: Env): Values {
  const reading: Reading = { document, env, findings: [], interpolated: new Set(), nodes: 0, aliases: 0 };
  const data = readNode(reading, document.contents, []);
  if (isTooLarge(reading)) {
    const message = 'the file is too large or too deep once its aliases are followed';
    return { data: undefined, findings: [{ path: [], message }], interpolated: reading.interpolated };
  }
  return { data, findings: reading.findings, interpolated: reading.interpolated };
}

function readNode(reading: Reading, node: Node | null | undefined, path: Path): unknown {
  reading.nodes += 1;
  // An alias to its own ancestor ends here too: it counts as too large at the depth limit.
  if (path.length > MAX_DEPTH) reading.nodes = MAX_NODES + 1;
  if (isTooLarge(reading)) return undefined;
  if (isAlias(node)) {
    reading.aliases += 1;
    const target = node.resolve(reading.document);
    if (target) return readNode(reading, target, path);
    reading.findings.push({ path, message: `names the anchor ${node.source}, which does not stand above` });
    return undefined;
  }
  if (isMap<Node, Node | null>(node)) return readMap(reading, node, path);
  if (isSeq<Node | null>(node)) {
    return node.items.map((item, index) => readNode(reading, item, [...path, index]));
  }
  return isScalar(node) ? readScalar(reading, node, path) : null;
}

function isTooLarge({ nodes, aliases }: Reading): boolean {
  return nodes > MAX_NODES || aliases > MAX_ALIASES;
}

function readMap(reading: Reading, map: YAMLMap<Node, Node | null>, path: Path): Record<string, unknown> {
  const entries = new Map<string, unknown>();
  for (const { key, value } of map.items) {
    if (!isScalar(key)) {
      reading.findings.push({ path, message: 'has a key that is not a simple word' });
      continue;
    }
    const name = String(key.value);
    if (FORBIDDEN_KEYS.has(name)) {
      reading.findings.push({ path: [...path, name], at: 'key', message: 'is not allowed as a key' });
    } else if (entries.has(name)) {
      const offset = key.range?.[0];
      const message = 'is given twice in the same map';
      reading.findings.push({ path: [...path, name], message, ...(offset !== undefined && { offset }) });
    } else {
      entries.set(name, readNode(reading, value, [...path, name]));
    }
  }
  return Object.fromEntries(entries);
}

function readScalar(reading: Reading, scalar: Scalar, path: Path): unknown {
  if (typeof scalar.value !== 'string') return scalar.value;
  const result = interpolate(scalar.value, reading.env);
  if (!result.ok) {
    const { message, hint } = result;
    reading.findings.push({ path, message, ...(hint !== undefined && { hint }) });
    return scalar.value;
  }
  if (result.sole) reading.interpolated.add(formatPath(path));
  return result.text;
}
