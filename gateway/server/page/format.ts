// Numbers and names as the page shows them: short, aligned, and harmless whatever a name holds.

/** What stands where there is nothing to say. */
export const NONE = '–';

/** Characters of a name that are shown. */
const MAX_NAME = 80;

/** Control characters, and marks that reorder, join or hide text. */
const unprintable = /\p{Cc}|\p{Cf}|[\u2028\u2029\u115f\u1160\u3164\uffa0]|\u034f/gu;

/** A duration: `0.4 ms`, `37 ms`, `1.24 s`. */
export function ms(value: number | null): string {
  if (value === null) return NONE;
  if (value < 10) return `${value.toFixed(1)} ms`;
  if (value < 1000) return `${Math.round(value)} ms`;
  return value < 10_000 ? `${(value / 1000).toFixed(2)} s` : `${Math.round(value / 1000)} s`;
}

/** A share from 0 to 1: `0 %`, `1.4 %`, `44 %`. */
export function percent(value: number | null): string {
  if (value === null) return NONE;
  const hundredths = value * 100;
  if (hundredths > 0 && hundredths < 0.1) return '< 0.1 %';
  return hundredths === 0 || hundredths >= 10 ? `${Math.round(hundredths)} %` : `${hundredths.toFixed(1)} %`;
}

/** A whole number with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString('en').replaceAll(',', '\u202f');
}

/** A number of bytes: `812 B`, `4.2 MiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** power;
  return `${power === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[power]}`;
}

/** A time span to its largest unit or two: `42 s`, `12 min`, `3 h 20 min`, `4 d 2 h`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A name that somebody else chose: what cannot be seen is spelt out, what is too long is cut. */
export function name(text: string): string {
  const cut = text.length > MAX_NAME ? `${text.slice(0, MAX_NAME)}…` : text;
  return cut.replace(unprintable, spelt);
}

/** A text of several lines in which everything can be seen, however long. */
export function visible(text: string): string {
  return text.replace(unprintable, (c) => (c === '\n' || c === '\t' ? c : spelt(c)));
}

function spelt(c: string): string {
  return `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`;
}
