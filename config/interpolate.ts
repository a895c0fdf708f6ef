/** `${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `$$` in the strings of gateway.yaml. */

export type Env = Readonly<Record<string, string | undefined>>;

/** The text with its variables put in; `sole` when the whole text was one interpolation. */
export type Interpolated =
  | { ok: true; text: string; sole: boolean }
  | { ok: false; message: string; hint?: string };

/** Either `$$`, or `${...}` up to the first closing brace, or a `${` that is never closed. */
const TOKEN = /\$\$|\$\{([^}]*)\}|\$\{/g;
const BODY = /^([A-Za-z_][A-Za-z0-9_]*)(?::([-?])([\s\S]*))?$/;

/** Puts environment variables into a text; what they hold is never read as YAML or interpolated again. */
export function interpolate(text: string, env: Env): Interpolated {
  let failure: { message: string; hint?: string } | undefined;
  let tokens = 0;
  const replaced = text.replace(TOKEN, (token: string, body: string | undefined) => {
    tokens += 1;
    if (token === '$$') return '$';
    const value = body === undefined ? unclosed : lookUp(body, env);
    if (typeof value === 'string') return value;
    failure ??= value;
    return token;
  });
  if (failure) return { ok: false, ...failure };
  const sole = tokens === 1 && /^\$\{[^}]*\}$/.test(text);
  return { ok: true, text: replaced, sole };
}

const FORMS = ['VAR', 'VAR:-default', 'VAR:?message'].map((form) => `\${${form}}`).join(', ');
const unclosed = { message: `has \${ without a closing }`, hint: 'write $$ for a dollar sign' };

function lookUp(body: string, env: Env): string | { message: string; hint?: string } {
  const match = BODY.exec(body);
  const name = match?.[1];
  if (name === undefined) {
    return {
      message: `has \${${body}}, which is not a variable`,
      hint: `write one of ${FORMS}, and $$ for a dollar sign`,
    };
  }
  const [operator, operand = ''] = [match?.[2], match?.[3]];
  if (operand.includes('${')) return { message: `has a variable within the variable ${name}` };
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (operator === '-') return value === undefined || value === '' ? operand : value;
  if (operator === '?' && (value === undefined || value === '')) {
    return { message: `needs the environment variable ${name}`, ...(operand !== '' && { hint: operand }) };
  }
  if (value !== undefined) return value;
  return {
    message: `needs the environment variable ${name}, which is not set`,
    hint: `set it, or write \${${name}:-default}`,
  };
}
