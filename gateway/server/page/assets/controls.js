// The buttons: what changes the gateway is confirmed first and carries the admin token; snippets are copied.

const KEY = 'mcp-gateway-admin-token';
const message = document.getElementById('message');

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

export function startControls() {
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('button') : null;
    if (button === null) return;
    const { act, pool = '', endpoint = '', label = '' } = button.dataset;
    if ('copy' in button.dataset) void copy(button);
    if (act === 'reload') {
      void change(
        'Reload the configuration?',
        'The file is read again and, if it is good, put to use.',
        '/admin/reload',
      );
    } else if (act === 'purge') {
      void change('Purge the cache?', 'Every cached answer is dropped.', '/admin/purge', { all: true });
    } else if (act === 'drain' || act === 'undrain') {
      const path = `/admin/endpoints/${encodeURIComponent(pool)}/${encodeURIComponent(endpoint)}/${act}`;
      const text =
        act === 'drain'
          ? 'It gets no new sessions and calls; what it holds goes on.'
          : 'It takes new sessions and calls again.';
      void change(`${act === 'drain' ? 'Drain' : 'Undrain'} ${label}?`, text, path);
    }
  });
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const text = button.closest('figure')?.querySelector('pre')?.textContent ?? '';
  await navigator.clipboard.writeText(text);
  say('Copied.');
}

/**
 * @param {string} title
 * @param {string} text
 * @param {string} path
 * @param {unknown} [body]
 */
async function change(title, text, path, body) {
  if (!(await confirmed(title, text))) return;
  try {
    const { ok, answer } = await post(path, body);
    const problems = [answer.error, ...(answer.problems ?? [])].filter((each) => each !== undefined);
    say(ok ? 'Done.' : `Refused: ${problems.join('; ')}`);
  } catch (error) {
    say(`Failed: ${error}`);
  }
}

/**
 * Posts to the admin listener; a token that was refused is forgotten.
 * @param {string} path
 * @param {unknown} [body]
 */
export async function post(path, body) {
  const token = sessionStorage.getItem(KEY);
  const response = await fetch(path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body ?? {}),
  });
  if (response.status === 401) sessionStorage.removeItem(KEY);
  const answer = await response.json().catch(() => ({ error: `status ${response.status}` }));
  return { ok: response.ok, answer };
}

/** Asks for the token where one is needed and none is known; false when the operator thinks better of it. */
export async function unlocked() {
  if (document.body.dataset['needsToken'] !== 'yes' || sessionStorage.getItem(KEY) !== null) return true;
  return confirmed('Admin token', 'What changes the gateway or calls through it needs the admin token.');
}

/**
 * @param {string} title
 * @param {string} text
 * @returns {Promise<boolean>}
 */
function confirmed(title, text) {
  const dialog = /** @type {HTMLDialogElement} */ (element('confirm'));
  const token = /** @type {HTMLInputElement} */ (element('token'));
  const asks = document.body.dataset['needsToken'] === 'yes' && sessionStorage.getItem(KEY) === null;
  element('confirm-title').textContent = title;
  element('confirm-text').textContent = text;
  element('token-line').hidden = !asks;
  token.required = asks;
  token.value = '';
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      const yes = dialog.returnValue === 'yes';
      if (yes && asks) sessionStorage.setItem(KEY, token.value);
      token.value = '';
      resolve(yes);
    };
    dialog.addEventListener('close', closed, { once: true });
  });
}

/** @param {string} text */
export function say(text) {
  if (message !== null) message.textContent = text;
}
