// @ts-check
// What one looks at before a policy is saved: the keys that it would not allow, and what somebody else changed meanwhile.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { ruleInWords, valueInWords } from '../problems.js';
import { path } from '../router.js';

/** The most keys that a preview lists. All are counted. */
const MOST_LISTED = 50;

/** @typedef {{of: string, found: number, listed: any[], looked: number, busy: boolean, done: boolean}} Preview */

/** What a preview found so far. @param {Preview} preview */
function verdict({ found, looked, done }) {
  const end = found ? `${found === 1 ? '1' : `These ${found}`} ${done ? `of ${looked} live keys` : found === 1 ? 'live key' : 'live keys'} would not be allowed:` : done ? 'Every live key would be allowed.' : '';
  return done ? end : `Looking at the keys… ${end}`;
}

/** @param {Preview} preview */
export function previewed(preview) {
  const { listed, found, looked, busy } = preview;
  return html`<section class="card pad" aria-busy=${busy ? 'true' : nothing}><h2>Preview</h2><p role="status">${verdict(preview)}</p><p class="muted">${looked === 1 ? '1 key' : `${looked} keys`} looked at.</p>
    ${found ? html`<table class="plain-table"><caption class="hidden">Keys that would not be allowed</caption><thead><tr><th scope="col">Key</th><th scope="col">User</th><th scope="col">Rule</th></tr></thead><tbody>${listed.map((one) => html`<tr><th scope="row"><a class="short" href=${path('access-keys', one.access_key.key_id)}><bdi>${one.access_key.name}</bdi></a></th><td><bdi class="short">${one.access_key.user_name}</bdi></td><td>${ruleInWords(one.rule)}: ${valueInWords(one)}</td></tr>`)}</tbody></table>
      ${found > listed.length ? html`<p class="muted">${listed.length} shown, there are more.</p>` : nothing}` : nothing}</section>`;
}

/**
 * Looks at all keys, page after page, until `goesOn` says no.
 * @param {Preview} preview
 * @param {any} policy
 * @param {AbortSignal} signal
 * @param {() => boolean} goesOn told after each page
 */
export async function look(preview, policy, signal, goesOn) {
  for (let cursor; ;) {
    const page = await api.previewPolicy({ limit: 100, cursor }, { body: { policy }, signal });
    preview.listed.push(...page.items.slice(0, MOST_LISTED - preview.listed.length));
    preview.found += page.items.length;
    preview.looked += page.live_keys;
    cursor = page.next_cursor;
    preview.done = !cursor;
    if (!goesOn() || !cursor) return;
  }
}

/** What somebody else changed while this page was open. @param {{name: string, was: string, now: string, mine: string}[]} changes */
export const meanwhile = (changes) => html`<section class="card pad" aria-label="Changed meanwhile"><h2 tabindex="-1" id="meanwhile">Somebody changed this policy meanwhile</h2>
  <p>Your input is kept. What you had not changed is as they set it.</p>
  <table class="plain-table"><caption class="hidden">What was changed meanwhile</caption><thead><tr><th scope="col">Value</th><th scope="col">Was</th><th scope="col">Now</th><th scope="col">Yours</th></tr></thead><tbody>${changes.map(({ name, was, now, mine }) => html`<tr><th scope="row">${name}</th><td>${was}</td><td>${now}</td><td>${mine || html`<span class="muted">the same</span>`}</td></tr>`)}</tbody></table></section>`;
