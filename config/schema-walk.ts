/** Finds the part of the schema that a path leads to. */
import { z } from 'zod';
import type { Path } from './problem.ts';
import { sections } from './schema.ts';

type Schema = z.core.$ZodType;

/** Finds the schema of the value at a path, with its default; undefined for a path the schema does not know. */
export function schemaAt(path: Path): Schema | undefined {
  let schema: Schema | undefined = sections;
  for (const step of path) {
    if (schema === undefined) return undefined;
    const def: z.core.$ZodTypes['_zod']['def'] = bare(schema)._zod.def;
    if (def.type === 'object') schema = Object.hasOwn(def.shape, step) ? def.shape[String(step)] : undefined;
    else if (def.type === 'array') schema = def.element;
    else if (def.type === 'record') schema = def.valueType;
    else schema = undefined;
  }
  return schema;
}

/** Lists the keys of the map at a path; empty where the schema has no map of fixed keys. */
export function keysAt(path: Path): string[] {
  const schema = schemaAt(path);
  if (schema === undefined) return [];
  const { def } = bare(schema)._zod;
  return def.type === 'object' ? Object.keys(def.shape) : [];
}

/** Names the kind of text at a path: one with a unit, or a secret; undefined for anything else. */
export function kindAt(path: Path): 'duration' | 'size' | 'secret' | undefined {
  const schema = schemaAt(path);
  return schema && kindOf(schema);
}

/** Of several ways to write a value, the one with a kind of its own tells it. */
function kindOf(schema: Schema): ReturnType<typeof kindAt> {
  const { def } = bare(schema)._zod;
  const kind = z.globalRegistry.get(bare(schema))?.['kind'];
  if (kind === undefined && def.type === 'union') return def.options.map(kindOf).find((one) => one);
  return kind === 'duration' || kind === 'size' || kind === 'secret' ? kind : undefined;
}

/** Takes off what only adds a default, makes optional or transforms. */
function bare(schema: Schema): z.core.$ZodTypes {
  const known = schema as z.core.$ZodTypes;
  const { def } = known._zod;
  if (def.type === 'optional' || def.type === 'prefault') return bare(def.innerType);
  return def.type === 'pipe' ? bare(def.in) : known;
}
