/** Finds the line and column of a path in the YAML document. */
import type { Document, LineCounter, Node, Pair } from 'yaml';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Finding, Path } from './problem.ts';

export interface Position {
  line: number;
  column: number;
}

/** Finds where a finding is; a path that is not in the file is found at its nearest ancestor. */
export function locate(document: Document, lines: LineCounter, finding: Finding): Position {
  const offset = finding.offset ?? offsetOf(document, finding.near ?? finding.path, finding.at ?? 'value');
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function offsetOf(document: Document, path: Path, at: 'key' | 'value'): number {
  let node = resolved(document, document.contents);
  let offset = node?.range?.[0] ?? 0;
  for (const [index, step] of path.entries()) {
    const last = index === path.length - 1;
    if (isMap<Node, Node | null>(node)) {
      const pair = node.items.find((item) => isNamed(item, String(step)));
      if (!pair) return offset;
      const start =
        last && at === 'value' ? (pair.value?.range?.[0] ?? pair.key.range?.[0]) : pair.key.range?.[0];
      offset = start ?? offset;
      node = resolved(document, pair.value);
    } else if (isSeq<Node | null>(node) && typeof step === 'number') {
      const item: Node | null | undefined = node.items[step];
      if (item === undefined) return offset;
      offset = item?.range?.[0] ?? offset;
      node = resolved(document, item);
    } else {
      return offset;
    }
  }
  return offset;
}

function isNamed(pair: Pair<Node, Node | null>, name: string): boolean {
  return isScalar(pair.key) && String(pair.key.value) === name;
}

function resolved(document: Document, node: Node | null | undefined): Node | undefined {
  return (isAlias(node) ? node.resolve(document) : node) ?? undefined;
}
