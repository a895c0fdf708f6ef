/** Reads the text of gateway.yaml into a YAML document, or says where its syntax is wrong. */
import type { Document, YAMLError } from 'yaml';
import { LineCounter, parseDocument } from 'yaml';
import type { Finding } from './problem.ts';

/** A file larger than this is not a configuration. */
export const MAX_FILE_BYTES = 1_048_576;

export interface YamlText {
  document: Document;
  lines: LineCounter;
  findings: Finding[];
  /** False when the syntax is so wrong that what the document holds is guesswork. */
  readable: boolean;
}

/** Mistakes after which the rest of the document still means what it says. */
const HARMLESS = new Set(['TAG_RESOLVE_FAILED']);

/** Parses YAML 1.2 (core schema): one document, no merge keys, no tags of its own. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      schema: 'core',
      version: '1.2',
      merge: false,
      resolveKnownTags: false,
      prettyErrors: false,
      strict: true,
      // Reported with their path by `readValues`.
      uniqueKeys: false,
    });
    const errors: YAMLError[] = [...document.errors, ...document.warnings];
    return {
      document,
      lines,
      findings: onePerPlace(errors).map((error) => toFinding(error, text)),
      readable: errors.every((error) => HARMLESS.has(error.code)),
    };
  } catch (error) {
    // The parser recurses into collections, so thousands of nested brackets exhaust the stack.
    if (!(error instanceof RangeError)) throw error;
    const document = parseDocument('');
    return {
      document,
      lines,
      findings: [{ path: [], offset: 0, message: 'the file is nested too deeply' }],
      readable: false,
    };
  }
}

/** One slip often upsets the parser several times at the same place. */
function onePerPlace(errors: readonly YAMLError[]): YAMLError[] {
  const first = new Map<number, YAMLError>();
  for (const error of errors) if (!first.has(error.pos[0])) first.set(error.pos[0], error);
  return [...first.values()];
}

function toFinding(error: YAMLError, text: string): Finding {
  const finding: Finding = { path: [], offset: error.pos[0], message: describe(error) };
  if (error.code === 'TAB_AS_INDENT') finding.hint = 'indent with spaces';
  const lineStart = text.lastIndexOf('\n', error.pos[0]) + 1;
  const openBrace = /[[{,].*\$\{/.test(text.slice(lineStart, error.pos[1]));
  if (error.code === 'MISSING_CHAR' && openBrace)
    finding.hint = 'inside [ ] and { }, put variables in quotes';
  if (error.code === 'MULTIPLE_DOCS') finding.hint = 'remove the line with ---';
  return finding;
}

function describe(error: YAMLError): string {
  if (error.code === 'MULTIPLE_DOCS') return 'the file holds more than one document';
  if (error.code === 'TAG_RESOLVE_FAILED') return 'tags are not supported';
  if (error.code === 'RESOURCE_EXHAUSTION') return 'the file is nested too deeply';
  return error.message;
}
