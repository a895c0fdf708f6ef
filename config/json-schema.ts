/** The JSON Schema of gateway.yaml for editors, made from the zod schema. */
import { z } from 'zod';
import { sections } from './schema.ts';

/** A node of JSON Schema as zod writes it, with our `kind` mark. */
export interface SchemaNode {
  [keyword: string]: unknown;
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  items?: SchemaNode;
  additionalProperties?: boolean | SchemaNode;
  anyOf?: SchemaNode[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  kind?: 'duration' | 'size' | 'secret';
}

const INTERPOLATED = { $ref: '#/$defs/interpolated' };

const DEFINITIONS = {
  interpolated: {
    description: 'A text with environment variables.',
    type: 'string',
    pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:[-?][^}]*)?\\}',
  },
  file: {
    description: 'Reads the secret from a file, relative to this one.',
    type: 'object',
    properties: { file: { type: 'string' } },
    required: ['file'],
    additionalProperties: false,
  },
};

/** Describes the file as it is written: before variables, secret files and units are read. */
export function inputSchema(): SchemaNode {
  return z.toJSONSchema(sections, { io: 'input' }) as SchemaNode;
}

/** Writes the schema that editors use; every value may also be an environment variable. */
export function editorSchema(): Record<string, unknown> {
  const { $schema, ...root } = inputSchema();
  return { $schema, title: 'gateway.yaml of mcp-gateway', ...forEditors(root), $defs: DEFINITIONS };
}

function forEditors(node: SchemaNode): SchemaNode {
  const { properties, items, additionalProperties, kind, propertyNames, description, ...rest } = node;
  const written: SchemaNode = { ...withoutSafeBounds(rest) };
  if (properties) written.properties = mapValues(properties, forEditors);
  if (items) written.items = forEditors(items);
  if (typeof additionalProperties === 'object')
    written.additionalProperties = forEditors(additionalProperties);
  else if (additionalProperties !== undefined) written.additionalProperties = additionalProperties;
  if (propertyNames) written['propertyNames'] = propertyNames;
  const shown = describe(description, node.default);
  if (!takesVariables(node)) return { ...shown, ...written };
  const { default: value, ...bare } = written;
  const choices = Array.isArray(bare.anyOf) ? bare.anyOf.map(withoutKind) : [bare];
  const secretFile = kind === 'secret' ? [{ $ref: '#/$defs/file' }] : [];
  const variable = kind === 'secret' ? [] : [INTERPOLATED];
  return {
    ...shown,
    ...(value !== undefined && { default: value }),
    anyOf: [...choices, ...variable, ...secretFile],
  };
}

/** Whether a variable could not otherwise stand here; a plain text takes one as it is. */
function takesVariables(node: SchemaNode): boolean {
  if (node.type === 'object' || node.type === 'array') return false;
  return node.type !== 'string' || node.kind !== undefined || 'pattern' in node || 'enum' in node;
}

/** The mark is ours, and editors that are strict do not know it. */
function withoutKind({ kind, ...node }: SchemaNode): SchemaNode {
  return node;
}

/** Puts the default into the sentence, for editors show only that. */
function describe(description: string | undefined, value: unknown): SchemaNode {
  if (description === undefined) return {};
  const plain = ['string', 'number', 'boolean'].includes(typeof value);
  return { description: plain ? `${description} Default: ${String(value)}.` : description };
}

/** Zod bounds whole numbers by what a double can hold, which says nothing to a reader. */
function withoutSafeBounds(node: SchemaNode): SchemaNode {
  const kept = Object.entries(node).filter(
    ([, value]) => Math.abs(Number(value)) !== Number.MAX_SAFE_INTEGER,
  );
  return Object.fromEntries(kept);
}

function mapValues(map: Record<string, SchemaNode>, change: (node: SchemaNode) => SchemaNode) {
  return Object.fromEntries(Object.entries(map).map(([key, node]) => [key, change(node)]));
}
