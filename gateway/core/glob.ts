// Globs on tool names: `*` stands for any run of characters, `?` for one; nothing else is special.

/** Names remembered with their verdict; clients choose names, so the memo must not grow with them. */
const MAX_MEMO = 1000;

/**
 * Compiles a glob. Matching goes back to the last star only, so that no name, however long, costs more than its length
 * times the pattern's (a regular expression would try every way to share a name between several stars).
 */
export function glob(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) return (name) => name === pattern;
  if (pattern === '*') return () => true;
  return (name) => matches(pattern, name);
}

function matches(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star !== -1) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Remembers what `decide` says of a name; forgets everything when full, which costs less than keeping an order. */
export function memoized<T>(decide: (name: string) => T): (name: string) => T {
  const memo = new Map<string, T>();
  return (name) => {
    const known = memo.get(name);
    if (known !== undefined || memo.has(name)) return known as T;
    const decided = decide(name);
    if (memo.size >= MAX_MEMO) memo.clear();
    // A huge name would make the memo large however few names it holds.
    if (name.length <= 256) memo.set(name, decided);
    return decided;
  };
}
