// @ts-check
// What stands where there is nothing to show: empty, loading, failed, forbidden, not found.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { inWords } from '../problems.js';
import { home } from '../router.js';
import { current } from '../session.js';
import { icon } from './icon.js';

export const empty = (text, action = /** @type {any} */ (nothing), name = /** @type {any} */ ('key')) => html`<div class="empty">${icon(name)}<p>${text}</p>${action}</div>`;

/** Rows in grey, while the first page loads for longer than 200 ms. */
export const skeleton = (rows = 3) => html`<div class="skeleton" aria-busy="true"><span class="hidden">Loading…</span>${Array.from({ length: rows }, () => html`<i></i>`)}</div>`;

/** The first 200 ms: nothing is seen, and screen readers know that something comes. */
export const waiting = html`<div class="waiting" aria-busy="true"></div>`;

/** A problem in the place of what could not be read. */
export function failure(problem, retry) {
  if (problem.code === 'forbidden' || problem.code === 'gateway_forbidden') return forbidden(problem);
  if (problem.code === 'not_found') return html`<div class="empty"><p>There is nothing here. It may have been deleted, or belong to another organization.</p><a class="button" href=${home()}>Go to your keys</a></div>`;
  if (problem.code === 'signed_out') return html`<div class="empty"><p>You are signed out.</p></div>`;
  const id = problem.request && problem.code !== 'internal' ? html`<p class="muted">Request ${problem.request}</p>` : nothing;
  return html`<div class="empty" role="alert"><p>${problem.code === 'unavailable' ? 'The service did not answer.' : inWords(problem)}</p>${id}${retry ? html`<button type="button" @click=${retry}>Try again</button>` : nothing}</div>`;
}

/** Says which permission is missing, and who can grant it. */
export function forbidden({ detail = '', needs = '' }) {
  const permission = /the permission ([a-z*:-]+)/.exec(detail || needs)?.[1];
  const name = current()?.name ?? 'the organization';
  if (current()?.status === 'suspended') return html`<div class="empty"><p><bdi>${name}</bdi> is suspended. What it holds is shown again once an owner has lifted the suspension.</p></div>`;
  return html`<div class="empty"><p>You do not have access to this. ${permission
    ? html`It needs the permission <code>${permission}</code>; an owner of <bdi>${name}</bdi> can grant it.`
    : needs ? `It needs ${needs}.` : html`An owner of <bdi>${name}</bdi> can tell you more.`}</p></div>`;
}

/** A form's or dialog's problem, spoken at once. */
export const problemLine = (problem) => (problem ? html`<p class="problem" role="alert">${icon('warn')}<span>${inWords(problem)}</span></p>` : nothing);
