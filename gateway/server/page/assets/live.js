// Keeps the page's figures live: takes fragments from the event stream and changes only what differs.

const feed = document.getElementById('feed');
/** @type {EventSource | undefined} */
let source;

/** Follows the gateway while the page can be seen. */
export function startLive() {
  document.addEventListener('visibilitychange', follow);
  follow();
}

function follow() {
  if (document.hidden) {
    source?.close();
    source = undefined;
    tell('paused');
    return;
  }
  if (source !== undefined) return;
  const opened = new EventSource('/events');
  source = opened;
  opened.onmessage = ({ data }) => {
    tell('live');
    for (const [id, text] of Object.entries(JSON.parse(data))) update(id, text);
  };
  opened.onerror = () => {
    tell('no answer from the gateway');
    if (opened.readyState !== EventSource.CLOSED) return;
    source = undefined;
    setTimeout(follow, 5000);
  };
}

/** @param {string} state */
function tell(state) {
  if (feed !== null && feed.textContent !== state) feed.textContent = state;
}

/**
 * @param {string} id
 * @param {string} text HTML that the gateway has escaped
 */
function update(id, text) {
  const shown = document.getElementById(id);
  if (shown === null || !shown.hasAttribute('data-live')) return;
  const template = document.createElement('template');
  template.innerHTML = text;
  children(shown, template.content);
}

/**
 * Makes the children of `old` those of `fresh`. Elements stay where they are the same, so that focus, selection, scroll
 * position and open details stay too; rows are told apart by `data-key`.
 * @param {Node} old
 * @param {Node} fresh
 */
function children(old, fresh) {
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const match = matching(at, wanted);
    if (match === null) {
      old.insertBefore(wanted, at);
      continue;
    }
    if (match !== at) old.insertBefore(match, at);
    else at = at.nextSibling;
    become(match, wanted);
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = /** @type {ChildNode | null} */ (next);
  }
}

/**
 * The node, at `from` or after it, that is to become `wanted`.
 * @param {ChildNode | null} from
 * @param {Node} wanted
 */
function matching(from, wanted) {
  const key = keyOf(wanted);
  if (key === undefined) {
    return from !== null && from.nodeName === wanted.nodeName && keyOf(from) === undefined ? from : null;
  }
  for (let node = from; node !== null; node = node.nextSibling) {
    if (node.nodeName === wanted.nodeName && keyOf(node) === key) return node;
  }
  return null;
}

/** @param {Node} node */
function keyOf(node) {
  return node instanceof HTMLElement ? node.dataset['key'] : undefined;
}

/**
 * @param {Node} old
 * @param {Node} fresh
 */
function become(old, fresh) {
  if (!(old instanceof Element) || !(fresh instanceof Element)) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  children(old, fresh);
}
