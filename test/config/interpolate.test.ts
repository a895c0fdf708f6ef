// Environment variables in texts.
import { describe, expect, it } from 'vitest';
import { interpolate } from '../../config/interpolate.ts';

const env = { HOST: 'h', EMPTY: '', TRICKY: '${HOST} $$ {a: [', _X1: 'x' };

describe('interpolate', () => {
  it.each([
    ['plain', 'plain'],
    ['${HOST}', 'h'],
    ['http://${HOST}:80/${_X1}', 'http://h:80/x'],
    ['${EMPTY}', ''],
    ['${MISSING:-d}', 'd'],
    ['${EMPTY:-d}', 'd'],
    ['${HOST:-d}', 'h'],
    ['${MISSING:-}', ''],
    ['${MISSING:-a:-b?c}', 'a:-b?c'],
    ['${HOST:?needed}', 'h'],
    ['$$', '$'],
    ['$${HOST}', '${HOST}'],
    ['$$$$', '$$'],
    ['$HOST costs $5', '$HOST costs $5'],
    ['${TRICKY}', '${HOST} $$ {a: ['],
  ])('%s becomes %s', (text, expected) => {
    expect(interpolate(text, env)).toMatchObject({ ok: true, text: expected });
  });

  it.each([
    ['${MISSING}', /MISSING, which is not set/],
    ['${MISSING:?set it to the token}', /MISSING$/],
    ['${EMPTY:?set it}', /EMPTY$/],
    ['${HOST', /without a closing/],
    ['${}', /not a variable/],
    ['${1A}', /not a variable/],
    ['${HOST-d}', /not a variable/],
    ['${A:-${B}}', /variable within the variable A/],
    ['${toString}', /toString, which is not set/],
  ])('%s is refused', (text, message) => {
    expect(interpolate(text, env)).toMatchObject({ ok: false, message: expect.stringMatching(message) });
  });

  it("a required variable's message is the hint", () => {
    expect(interpolate('${A:?ask ops for it}', env)).toMatchObject({ hint: 'ask ops for it' });
  });

  it('knows a text that is one variable and nothing else', () => {
    const sole = (text: string) => {
      const result = interpolate(text, env);
      return result.ok && result.sole;
    };
    expect(['${HOST}', '${P:-80}'].map(sole)).toEqual([true, true]);
    expect(['x${HOST}', '${HOST}${HOST}', '$$', '$${HOST}', '80'].map(sole)).toEqual(Array(5).fill(false));
  });
});
