/** Finds the line and column of a path in the YAML document. */
import type { Document, LineCounter, Node, Pair } from 'yaml';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Finding, Path } from './problem.ts';

export interface Position {
  line: number;
  column: number;
}

/** `offset` counts characters; when the path is not `found` it is that of the nearest ancestor. */
interface Offset {
  offset: number;
  found: boolean;
}

/** Finds where a finding is; a path that is not in the file is found at its nearest ancestor. */
export function locate(document: Document, lines: LineCounter, finding: Finding): Position {
  const { line, col } = lines.linePos(finding.offset ?? offsetOfFinding(document, finding));
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function offsetOfFinding(document: Document, { path, near, at = 'value' }: Finding): number {
  const own = offsetOf(document, path, at);
  return own.found || near === undefined ? own.offset : offsetOf(document, near, 'key').offset;
}

function offsetOf(document: Document, path: Path, at: 'key' | 'value'): Offset {
  let node = resolved(document, document.contents);
  let offset = node?.range?.[0] ?? 0;
  for (const [index, step] of path.entries()) {
    const last = index === path.length - 1;
    if (isMap<Node, Node | null>(node)) {
      const pair = node.items.find((item) => isNamed(item, String(step)));
      if (!pair) return { offset, found: false };
      const start =
        last && at === 'value' ? (pair.value?.range?.[0] ?? pair.key.range?.[0]) : pair.key.range?.[0];
      offset = start ?? offset;
      node = resolved(document, pair.value);
    } else if (isSeq<Node | null>(node) && typeof step === 'number') {
      const item: Node | null | undefined = node.items[step];
      if (item === undefined) return { offset, found: false };
      offset = item?.range?.[0] ?? offset;
      node = resolved(document, item);
    } else {
      return { offset, found: false };
    }
  }
  return { offset, found: true };
}

function isNamed(pair: Pair<Node, Node | null>, name: string): boolean {
  return isScalar(pair.key) && String(pair.key.value) === name;
}

function resolved(document: Document, node: Node | null | undefined): Node | undefined {
  return (isAlias(node) ? node.resolve(document) : node) ?? undefined;
}
