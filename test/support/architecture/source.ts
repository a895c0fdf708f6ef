// Source files as the architecture rules see them: their text, their code without comments, their imports.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A source file; `path` is relative to the root of the checkout and has forward slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** One import: the path it names when relative (resolved against the root), else the package or `node:` module. */
export interface Import {
  readonly target: string;
  readonly isRelative: boolean;
  readonly isTypeOnly: boolean;
  /** Loaded where the code comes to it, not before the file runs. */
  readonly isLazy: boolean;
}

/** Reads every source file below these folders of the checkout. */
export function readSources(root: string, folders: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|js)$/.test(name) && !name.includes('node_modules'))
      .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
      .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
  );
}

// Strings are matched so that a `//` in a URL opens no comment; a string is kept, a comment becomes a blank.
const commentOrString =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

/** The file's text with its comments blanked out. */
export function codeOf(source: Source): string {
  return source.text.replace(commentOrString, (match) => (match.startsWith('/') ? ' ' : match));
}

/** The file's text with comments blanked out and strings emptied: what is left is syntax. */
export function syntaxOf(source: Source): string {
  return source.text.replace(commentOrString, (match) => (match.startsWith('/') ? ' ' : "''"));
}

const staticImport = /^\s*(import|export)\s+(type\s+)?(?:[\w*\s{},$]+?\s+from\s+)?'([^']+)'/gm;
const dynamicImport = /\bimport\(\s*'([^']+)'/g;

/** The imports and re-exports of a file; one whose names are all marked `type` counts as type-only. */
export function importsOf(source: Source): Import[] {
  const code = codeOf(source);
  const found = (target: string, isTypeOnly: boolean, isLazy: boolean): Import => {
    const isRelative = target.startsWith('.');
    return {
      target: isRelative ? posix.join(posix.dirname(source.path), target) : target,
      isRelative,
      isTypeOnly,
      isLazy,
    };
  };
  return [
    ...[...code.matchAll(staticImport)].map((match) => found(match[3] ?? '', match[2] !== undefined, false)),
    ...[...code.matchAll(dynamicImport)].map((match) => found(match[1] ?? '', false, true)),
  ];
}
