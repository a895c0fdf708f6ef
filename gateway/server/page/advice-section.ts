// The section of advice: one card a finding, what became of earlier ones, and what was not judged.
import { html } from 'hono/html';
import type { AdviceReport, ReportedFinding } from '../../advise/report.ts';
import { count, visible } from './format.ts';
import type { Html } from './parts.ts';

const marks: Readonly<Record<ReportedFinding['severity'], readonly [mark: string, tone: string]>> = {
  error: ['✕', 'bad'],
  warn: ['▲', 'bad'],
  info: ['●', 'calm'],
};

/** Rules that did not judge, of those shown; the rest is in `/admin/advice`. */
const MAX_ABSTENTIONS = 20;

export function adviceSection({ findings, applied, abstentions, calls }: AdviceReport): Html {
  const nothing = html`<p class="none">No findings yet, from ${count(calls)} calls.</p>`;
  return html`${findings.length === 0 ? nothing : html`<ul class="cards">${findings.map(card)}</ul>`}
    ${applied.map(({ sentence }) => html`<p>${visible(sentence)}</p>`)}
    ${abstentions.length === 0 ? '' : notJudged(abstentions)}`;
}

function card({
  id,
  rule,
  severity,
  subject,
  sentence,
  action,
  evidence,
  patch,
  expected,
}: ReportedFinding): Html {
  const [mark, tone] = marks[severity];
  const numbers = Object.entries(evidence).map(([key, value]) => `${key} ${value}`);
  return html`<li data-key="${id} ${subject}">
    <h3>
      <span class="${tone}"><span aria-hidden="true">${mark}</span> ${rule}</span>
      <bdi>${visible(subject)}</bdi> <small>${id}, ${severity}</small>
    </h3>
    <p>${visible(sentence)}</p>
    <p>
      <span aria-hidden="true">→</span> ${visible(action)} ${expected === '' ? '' : html`<span class="none">${visible(expected)}</span>`}
    </p>
    ${patch === '' ? '' : html`<details><summary>Patch</summary><pre tabindex="0">${visible(patch)}</pre></details>`}
    <p class="none"><small>${visible(numbers.join(' · '))}</small></p>
  </li>`;
}

function notJudged(abstentions: AdviceReport['abstentions']): Html {
  const lines = abstentions
    .slice(0, MAX_ABSTENTIONS)
    .map(
      ({ id, subject, sentence }) =>
        html`<li>${id} <bdi>${visible(subject)}</bdi>: ${visible(sentence)}</li>`,
    );
  return html`<details class="quiet">
    <summary>${count(abstentions.length)} not judged</summary>
    <ul>
      ${lines}
    </ul>
  </details>`;
}
