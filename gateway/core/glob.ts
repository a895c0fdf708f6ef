// Globs on tool names: `*` stands for any run of characters, `?` for one; nothing else is special.

/** Names remembered with their verdict; clients choose names, so the memo must not grow with them. */
const MAX_MEMO = 1000;

/** The regular expression of a glob. A run of stars is one star, so that no pattern can take long to fail. */
export function globToRegExp(glob: string): RegExp {
  const body = glob
    .replace(/\*+/g, '*')
    .replace(/[.+^${}()|[\]\\/]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${body}$`, 's');
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
