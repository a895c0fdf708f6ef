// The habits of the code: small files, an opening sentence, no era decision outside its rooms, no `any`, no barrels.
import type { Source } from './source.ts';
import { codeOf, syntaxOf } from './source.ts';

/** The longest a file of gateway/ and config/ may be, in lines. */
export const maxLines = 250;

/** Where code may decide by the name of an era; everywhere else it asks the `Era` itself. */
export const eraRooms: readonly RegExp[] = [
  /^config\//,
  /^gateway\/mcp\//,
  /^gateway\/upstream\/(.+\/)?[^/]*probe[^/]*\.ts$/,
];

const eraDecision =
  /[!=]==?\s*'(legacy|modern)'|'(legacy|modern)'\s*[!=]==?|\bcase\s+'(legacy|modern)'|\bera\??\.name\b/;

/**
 * V8 puts a function literal that is assigned to a property straight into the old generation, and with it everything it
 * closes over lives until the next full collection: measured, 13 µs of garbage collection a request. A `const` first.
 */
const oldClosure = /\bx\.\w+\s*=\s*(async\s*)?(\([^()]*\)(:\s*[^=]+)?|\w+)\s*=>/;

const vagueFolder = /(^|\/)(utils?|helpers?|commons?|libs?)\//;

const anyType = /[:<,|&(]\s*any\b(?!\s*[(.:=])|\bas\s+any\b|=\s*any\s*(?:[;\n]|\|(?!\|)|&(?!&))/;

const reExport = /^\s*export\s+(type\s+)?(\*|\{[^}]*\})(\s+as\s+\w+)?\s+from\s+'[^']+';?/gm;

function isBarrel(source: Source): boolean {
  const code = codeOf(source);
  if (/(^|\/)index\.(ts|js)$/.test(source.path)) return true;
  return reExport.test(code) && code.replace(reExport, '').trim() === '';
}

function opensWithSentence(source: Source): boolean {
  const text = source.text.replace(/^#!.*\n/, '');
  const comment = /^(?:(?:\/\/[^\n]*\n)+|\/\*[\s\S]*?\*\/)/.exec(text)?.[0] ?? '';
  const words = comment.replace(/^\s*(\/\/|\/\*\*?|\*\/|\*)/gm, '').trim();
  return /^[^\s].{10,}[.:;]/s.test(words);
}

function habitsOf(source: Source): string[] {
  const { path, text } = source;
  const isHouse = /^(gateway|config)\//.test(path);
  const lines = text.split('\n').length - 1;
  const problems: (string | false)[] = [
    isHouse && lines > maxLines && `has ${lines} lines; ${maxLines} is the ceiling`,
    isHouse &&
      !eraRooms.some((room) => room.test(path)) &&
      eraDecision.test(codeOf(source)) &&
      'decides by the name of an era',
    isHouse &&
      oldClosure.test(codeOf(source)) &&
      'assigns a function literal to a property of the exchange; name it in a `const` first',
    vagueFolder.test(path) && 'lies in a folder whose name says nothing',
    isBarrel(source) && 'is a barrel',
    path.endsWith('.ts') && anyType.test(syntaxOf(source)) && 'uses `any`',
    !opensWithSentence(source) && 'does not open with a sentence that says what it holds',
  ];
  return problems.filter((problem) => problem !== false).map((problem) => `${path}: ${problem}`);
}

/** The files that break a habit, one line each time. */
export function habitViolations(sources: readonly Source[]): string[] {
  return sources.flatMap(habitsOf);
}
