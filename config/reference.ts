/** The reference of gateway.yaml as Markdown tables, made from the same schema as everything else. */
import type { SchemaNode } from './json-schema.ts';
import { inputSchema } from './json-schema.ts';

interface Section {
  title: string;
  node: SchemaNode;
}

/** Writes the whole reference: one table for each map of the file, in the order of the schema. */
export function reference(): string {
  const root = inputSchema();
  const tables = collect({ title: '', node: root }).map(writeSection);
  return `${[INTRODUCTION, ...tables].join('\n\n')}\n`;
}

const INTRODUCTION = `# gateway.yaml

Every key of the configuration file. This page is generated from \`config/schema.ts\` (\`node config/generate.ts\`).

- A **duration** is a number and a unit: \`250ms\`, \`30s\`, \`2m\`, \`1h\`. A **size** is one too: \`64KiB\`, \`4MiB\`. A bare number for either is an error.
- Texts may hold \`\${VAR}\`, \`\${VAR:-default}\` and \`\${VAR:?message}\`; \`$$\` is a dollar sign. A value that is one variable and nothing else may also stand for a number, as in \`port: \${PORT:-8080}\`. Inside \`[ ]\` and \`{ }\`, put it in quotes.
- A **secret** is a text or \`{ file: PATH }\`, with the path relative to the configuration file.
- An unknown key is an error.
- \`mcp-gateway check\` also says which of these keys this version does not support yet.`;

function collect({ title, node }: Section): Section[] {
  const nested = Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const path = title === '' ? key : `${title}.${key}`;
    if (child.properties) return collect({ title: path, node: child });
    const item = child.items;
    return item?.properties ? collect({ title: `${path}[]`, node: { ...about(child), ...item } }) : [];
  });
  return [{ title, node }, ...nested];
}

function about(list: SchemaNode): SchemaNode {
  return list.description === undefined ? {} : { description: list.description };
}

function writeSection({ title, node }: Section): string {
  const heading = title === '' ? '## The file' : `## \`${title}\``;
  const required = new Set(node.required);
  const rows = Object.entries(node.properties ?? {}).map(([key, child]) =>
    row([
      `\`${key}\``,
      typeOf(child),
      required.has(key) ? 'required' : defaultOf(child),
      child.description ?? '',
    ]),
  );
  const table = [row(['key', 'type', 'default', 'meaning']), '|---|---|---|---|', ...rows].join('\n');
  return [heading, ...(node.description === undefined ? [] : [node.description]), table].join('\n\n');
}

function typeOf(node: SchemaNode): string {
  if (node.kind) return node.kind;
  if (node.enum) return node.enum.map((word) => `\`${String(word)}\``).join(', ');
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.anyOf) return node.anyOf.map(typeOf).join(' or ');
  if (node.type === 'array') return node.items?.properties ? 'list' : `list of ${typeOf(node.items ?? {})}`;
  if (node.type !== 'object') return NAMES[node.type ?? ''] ?? '';
  const values = node.additionalProperties;
  return typeof values === 'object' ? `map of ${typeOf(values)}` : 'map';
}

const NAMES: Record<string, string> = {
  string: 'text',
  integer: 'number',
  number: 'number',
  boolean: '`true`, `false`',
};

function defaultOf(node: SchemaNode): string {
  if (node.default === undefined) return '';
  if (node.properties && JSON.stringify(node.default) === '{}') return 'see below';
  return `\`${typeof node.default === 'string' ? node.default : JSON.stringify(node.default)}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
