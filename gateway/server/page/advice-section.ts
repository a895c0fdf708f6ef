// The section of advice: one card a finding.
import { html } from 'hono/html';
import { visible } from './format.ts';
import type { Html } from './parts.ts';
import type { FindingView } from './state.ts';

const marks: Readonly<Record<FindingView['severity'], readonly [mark: string, tone: string]>> = {
  error: ['✕', 'bad'],
  warn: ['▲', 'bad'],
  info: ['●', 'calm'],
};

export function adviceSection(findings: readonly FindingView[]): Html {
  if (findings.length === 0) return html`<p class="none">No findings yet.</p>`;
  return html`<ul class="cards">
    ${findings.map(card)}
  </ul>`;
}

function card({ id, severity, subject, sentence, action, evidence, patch, expected }: FindingView): Html {
  const [mark, tone] = marks[severity];
  const numbers = Object.entries(evidence).map(([key, value]) => `${key} ${value}`);
  return html`<li data-key="${id} ${subject}">
    <h3>
      <span class="${tone}"><span aria-hidden="true">${mark}</span> ${severity}</span>
      <bdi>${visible(subject)}</bdi> <small>${id}</small>
    </h3>
    <p>${visible(sentence)}</p>
    <p><b>Do:</b> ${visible(action)}</p>
    ${expected === '' ? '' : html`<p><b>Expect:</b> ${visible(expected)}</p>`}
    <p class="none">${visible(numbers.join(' · '))}</p>
    ${patch === '' ? '' : html`<details><summary>Patch</summary><pre tabindex="0">${visible(patch)}</pre></details>`}
  </li>`;
}
