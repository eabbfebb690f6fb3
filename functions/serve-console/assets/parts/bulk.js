// @ts-check
// The same for several keys: one request each, four at a time. What failed is named.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { inWords } from '../problems.js';
import { openDialog, title } from './dialog.js';
import { tell } from './key-table.js';
import { say } from './toast.js';

const TOGETHER = 4;
const count = (n) => `${n} ${n === 1 ? 'key' : 'keys'}`;

export const revokeAll = (keys, finished) => all(keys, finished, {
  heading: `Revoke ${count(keys.length)}?`, text: 'The next request with each is refused. This cannot be undone.', label: `Revoke ${count(keys.length)}`, doing: 'Revoking', past: 'revoked', danger: true,
  run: (key) => api.revokeKey({ key_id: key.key_id }) });

export const switchOffAll = (keys, finished) => all(keys, finished, {
  heading: `Switch ${count(keys.length)} off?`, text: 'Requests with each are refused until it is switched on again.', label: `Switch ${count(keys.length)} off`, doing: 'Switching off', past: 'switched off', danger: false,
  run: (key) => api.updateKey({ key_id: key.key_id }, { body: { active: false } }) });

const all = (keys, finished, { heading, text, label, doing, past, danger, run }) => openDialog(({ close, update }) => {
  let left = [...keys];
  /** @type {[any, any][]} */ let failures = [];
  let ended = 0;
  let busy = false;
  const act = async () => {
    if (busy) return;
    busy = true;
    failures = [];
    const queue = left;
    left = [];
    const worker = async () => {
      for (let key = queue.shift(); key; key = queue.shift()) {
        try {
          tell(key)(await run(key));
          ended++;
        } catch (problem) {
          if (problem.code === 'not_found') tell(key)(null);
          failures.push([key, problem]);
          left.push(key);
        }
        update();
      }
    };
    update();
    await Promise.all(Array.from({ length: TOGETHER }, worker));
    busy = false;
    say(`${count(ended)} ${past}${failures.length ? `, ${failures.length} not` : ''}.`);
    if (failures.length) return update();
    finished();
    close();
  };
  const names = html`<ul class="names">${keys.map((key) => html`<li><b><bdi>${key.name}</bdi></b> <span class="muted">(<bdi>${key.user_name}</bdi>)</span></li>`)}</ul>`;
  return () => html`<div class="dialog">${title(heading)}<div class="body">${names}<p data-text>${text}</p>
    ${busy || ended ? html`<p role="status">${ended} of ${keys.length} ${past}.</p>` : nothing}
    ${failures.length && !busy ? html`<div class="problem" role="alert"><div><p>${count(failures.length)} could not be ${past}:</p><ul>${failures.map(([key, problem]) => html`<li><b><bdi>${key.name}</bdi></b>: ${inWords(problem)}</li>`)}</ul></div></div>` : nothing}</div>
    <div class="buttons"><button type="button" data-focus @click=${() => { if (busy) return; if (ended) finished(); close(); }}>${ended ? 'Close' : 'Cancel'}</button>
    <button type="button" class=${danger ? 'danger' : 'primary'} aria-disabled=${busy ? 'true' : nothing} @click=${act}>${busy ? `${doing}…` : failures.length ? 'Try again' : label}</button></div></div>`;
});
