// The form that calls a tool: fields from its input schema, and the answer with where it came from and when.

import { post, say, unlocked } from './controls.js';
import { fieldsOf, readFields } from './fields.js';

/** Characters of an answer that are shown. */
const MAX_SHOWN = 20_000;

const select = /** @type {HTMLSelectElement} */ (document.getElementById('tool'));
const fields = /** @type {HTMLElement} */ (document.getElementById('fields'));
const about = /** @type {HTMLElement} */ (document.getElementById('about'));
const answerBox = /** @type {HTMLElement} */ (document.getElementById('answer'));

export function startTry() {
  select.addEventListener('change', () => void choose());
  document.getElementById('try')?.addEventListener('submit', (event) => {
    event.preventDefault();
    void call();
  });
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[data-tool]') : null;
    if (!(link instanceof HTMLElement)) return;
    const wanted = [...select.options].find(
      ({ value, parentElement }) =>
        value === link.dataset['tool'] && parentElement?.getAttribute('label') === link.dataset['pool'],
    );
    if (wanted === undefined) return;
    wanted.selected = true;
    select.focus();
    void choose();
  });
}

function chosen() {
  const option = select.selectedOptions[0];
  return { tool: option?.value ?? '', path: option?.dataset['path'] ?? '' };
}

async function choose() {
  const { tool, path } = chosen();
  fields.replaceChildren();
  answerBox.replaceChildren();
  about.textContent = '';
  if (tool === '') return;
  const response = await fetch(`/admin/tool?${new URLSearchParams({ path, tool })}`);
  const known = await response.json();
  if (chosen().tool !== tool) return;
  about.textContent = known.error ?? known.description;
  fields.replaceChildren(...fieldsOf(known.input_schema));
}

async function call() {
  const { tool, path } = chosen();
  const read = readFields(fields);
  if (read.problem !== undefined) return say(read.problem);
  if (!(await unlocked())) return;
  answerBox.textContent = 'Calling…';
  try {
    const { ok, answer } = await post('/admin/call', { path, tool, arguments: read.value });
    show(ok, answer);
  } catch (error) {
    answerBox.textContent = `Failed: ${error}`;
  }
}

/**
 * @param {boolean} ok
 * @param {any} outcome
 */
function show(ok, outcome) {
  if (!ok) {
    answerBox.textContent = `Refused: ${outcome.error}`;
    return;
  }
  const { answer, endpoint, cache, attempts, error_type, phases_ms: phases } = outcome;
  const verdict = make('h3', error_type === null ? 'Answered' : `Failed: ${error_type}`);
  if (error_type !== null) verdict.className = 'bad';
  const facts = document.createElement('dl');
  const took = (/** @type {number} */ ms) => `${ms.toFixed(1)} ms`;
  /** @type {[string, string][]} */
  const rows = [
    ['Endpoint', endpoint ?? 'none was asked'],
    ['Cache', cache ?? 'no rule'],
    ['Attempts', String(attempts)],
    ['Total', took(phases.total)],
    ['Gateway and queues', took(phases.waiting)],
    ['Until the first byte', took(phases.upstream)],
    ['Rest of the answer', took(phases.answer)],
  ];
  for (const [term, value] of rows) {
    const row = document.createElement('div');
    row.append(make('dt', term), make('dd', value));
    facts.append(row);
  }
  const text = JSON.stringify(answer?.result ?? answer, null, 2) ?? '';
  const pre = make(
    'pre',
    text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}\n… ${text.length} characters` : text,
  );
  pre.tabIndex = 0;
  answerBox.replaceChildren(verdict, facts, pre);
}

/**
 * @param {string} tag
 * @param {string} text
 */
function make(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
