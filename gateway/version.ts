// The version of this program, from package.json.
import { readFileSync } from 'node:fs';

const file = new URL('../package.json', import.meta.url);
const { version: text }: { version: string } = JSON.parse(readFileSync(file, 'utf8'));

export const version: string = text;
