// @ts-check
// Edits one text of a key where it stands. Enter keeps a name; Save keeps both; Escape and Cancel keep nothing.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { fieldProblem } from '../problems.js';
import { conflictLine } from './dialog.js';
import { problemLine } from './empty.js';
import { field } from './field.js';
import { say } from './toast.js';

const FIELDS = {
  name: { label: 'Access Key Name', max: 64 },
  description: { label: html`<span class="hidden">Description</span>`, max: 500, rows: 2 },
};

/**
 * @param {any} key as it was read: a change of it in between is noticed
 * @param {'name' | 'description'} member
 * @param {{changed: (key: any) => void, update: () => void, end: () => void}} page
 */
export function editor(key, member, { changed, update, end }) {
  let text = key[member] ?? '';
  let busy = false;
  let hint = '';
  /** @type {any} */ let problem = null;
  const save = async (event) => {
    event.preventDefault();
    if (busy) return;
    const value = text.trim();
    if (value === (key[member] ?? '')) return end();
    busy = true;
    problem = null;
    update();
    try {
      const now = await api.updateKey({ key_id: key.key_id }, { match: key.version, body: { [member]: member === 'name' ? value : value || null } });
      changed(now);
      end();
      say(`Key ${now.name} changed.`);
    } catch (failed) {
      problem = failed;
      busy = false;
      update();
    }
  };
  const reload = async () => {
    try {
      key = await api.key({ key_id: key.key_id });
      hint = key[member] ? `Now: ${key[member]}` : 'Now: none';
      problem = null;
      changed(key);
    } catch (failed) { problem = failed; }
    update();
  };
  const leave = (event) => { if (event.key === 'Escape' && !busy) { event.preventDefault(); end(); } };
  /** Takes the key as it is now, unless this very text was changed elsewhere: then saving says so. */
  const take = (now) => { if (now[member] === key[member]) key = now; };
  return { take, draw() {
    const error = fieldProblem(problem, member);
    return html`<form class="in-place" novalidate @submit=${save} @keydown=${leave}>${field({ name: `edit-${member}`, ...FIELDS[member], value: text, hint, error, input: (value) => { text = value; } })}
      ${!problem || error ? nothing : problem.code === 'precondition_failed' ? conflictLine(reload) : problemLine(problem)}
      <div class="do"><button type="submit" class="primary small" aria-disabled=${busy ? 'true' : nothing}>${busy ? 'Saving…' : 'Save'}</button><button type="button" class="small" @click=${() => busy || end()}>Cancel</button></div></form>`;
  } };
}
