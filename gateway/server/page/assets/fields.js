// Form fields from a JSON Schema: one for each property, JSON text where a property is more than a value.

/** Deepest things an upstream may say about a property that are worth a field. */
const SIMPLE = new Set(['string', 'number', 'integer', 'boolean']);

/**
 * @param {any} schema of the arguments
 * @returns {HTMLElement[]}
 */
export function fieldsOf(schema) {
  const properties = Object.entries(schema?.properties ?? {});
  const required = Array.isArray(schema?.required) ? schema.required : [];
  if (properties.length === 0 && schema?.additionalProperties === false) return [];
  if (properties.length === 0) return [field('', 'Arguments as JSON', { type: 'object' }, false)];
  return properties.map(([name, property]) => field(name, name, property, required.includes(name)));
}

/**
 * @param {string} name
 * @param {string} title
 * @param {any} property
 * @param {boolean} required
 */
function field(name, title, property, required) {
  const line = document.createElement('p');
  const label = document.createElement('label');
  const bold = document.createElement('b');
  bold.textContent = title;
  label.append(bold, required ? ' (required) ' : ' ', String(property?.description ?? ''));
  const input = inputOf(property);
  input.id = `arg-${crypto.randomUUID()}`;
  input.dataset['name'] = name;
  input.dataset['kind'] = kindOf(property);
  input.required = required;
  label.htmlFor = input.id;
  line.append(label, input);
  return line;
}

/** @param {any} property */
function kindOf(property) {
  const type = Array.isArray(property?.type)
    ? property.type.find((/** @type {string} */ each) => each !== 'null')
    : property?.type;
  if (Array.isArray(property?.enum)) return 'enum';
  return SIMPLE.has(type) ? type : 'json';
}

/** @param {any} property */
function inputOf(property) {
  const kind = kindOf(property);
  if (kind === 'enum' || kind === 'boolean') {
    const select = document.createElement('select');
    const values = kind === 'enum' ? property.enum : [true, false];
    select.append(new Option('', ''));
    for (const value of values) select.append(new Option(String(value), JSON.stringify(value)));
    if (property.default !== undefined) select.value = JSON.stringify(property.default);
    return select;
  }
  if (kind === 'json') {
    const area = document.createElement('textarea');
    area.spellcheck = false;
    area.placeholder = property?.type === 'array' ? '[]' : '{}';
    return area;
  }
  const input = document.createElement('input');
  if (kind !== 'string') {
    input.type = 'number';
    input.step = kind === 'integer' ? '1' : 'any';
    if (typeof property.minimum === 'number') input.min = String(property.minimum);
    if (typeof property.maximum === 'number') input.max = String(property.maximum);
  }
  if (property.default !== undefined) input.value = String(property.default);
  return input;
}

/**
 * The arguments as filled in; what is left empty is left out.
 * @param {HTMLElement} fields
 * @returns {{ value: any, problem: undefined } | { value: undefined, problem: string }}
 */
export function readFields(fields) {
  /** @type {Record<string, unknown>} */
  const args = {};
  for (const input of fields.querySelectorAll('input, select, textarea')) {
    const { value, dataset } = /** @type {HTMLInputElement} */ (input);
    const { name = '', kind } = dataset;
    if (value === '') continue;
    let read;
    try {
      read = kind === 'string' ? value : JSON.parse(value);
    } catch {
      return { value: undefined, problem: `${name === '' ? 'The arguments' : name}: not JSON` };
    }
    if (name === '') return { value: read, problem: undefined };
    Object.defineProperty(args, name, { value: read, enumerable: true, configurable: true });
  }
  return { value: args, problem: undefined };
}
