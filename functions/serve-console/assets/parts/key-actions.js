// @ts-check
// What is done with one key: the questions before it, word for word, and the change itself.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { duration, inWords } from '../problems.js';
import { notExtendable, overlaps } from '../quota.js';
import { current, keep, myself } from '../session.js';
import { dateAndTime } from '../time.js';
import { ask, formDialog, openDialog, title } from './dialog.js';
import { failure } from './empty.js';
import { chosen, expiryBody, expiryField, newExpiry } from './expiry.js';
import { radios } from './field.js';
import { lastUse } from './key-table.js';
import { secretLost, showSecrets, takeSecret } from './secret.js';
import { focusTable } from './table.js';
import { alarm, say } from './toast.js';

const id = (key) => ({ key_id: key.key_id });

/** Tells everybody who shows this key. */
function told(done, key, text) {
  done(key);
  say(text);
  focusTable();
}

/** A change of a key that was read: another person's change in between is noticed. */
const change = (key, body) => api.updateKey(id(key), { body, match: key.version });

export async function revoke(key, done) {
  const text = html`The next request with this key is refused. This cannot be undone; its record stays. ${key.user_kind === 'machine' ? lastUse(key) : nothing}`;
  const result = await ask({ title: title('Revoke “', key.name, '”?'), text, label: 'Revoke key', doing: 'Revoking…', send: () => api.revokeKey(id(key)) });
  if (result) told(done, result.answer, `Key ${key.name} revoked.`);
}

export async function remove(key, done) {
  const text = html`The next request with this key is refused, and its record disappears from this page; the audit log keeps what happened. To keep the record, revoke it instead.`;
  const other = key.status === 'revoked' ? undefined : { label: 'Revoke instead', run: () => revoke(key, done) };
  const result = await ask({ title: title('Delete “', key.name, '”?'), text, other, label: 'Delete key', doing: 'Deleting…', send: () => api.deleteKey(id(key)) });
  if (result) told(done, null, `Key ${key.name} deleted.`);
}

export async function switchOff(key, done) {
  const mine = key.user_id === myself().user_id;
  const text = html`Requests with it are refused until it is switched on again. It still counts against the quota, and still expires.${mine || key.user_kind === 'machine' ? nothing : html` Its user cannot switch it on again; holders of <code>users:write</code> who hold all that it permits can.`}`;
  const result = await ask({ title: title('Switch “', key.name, '” off?'), text, danger: false, label: 'Switch off', doing: 'Switching off…', send: () => api.updateKey(id(key), { body: { active: false } }) });
  if (result) told(done, result.answer, `Key ${key.name} switched off.`);
}

export async function switchOn(key, done) {
  try {
    told(done, await change(key, { active: true }), `Key ${key.name} switched on.`);
  } catch (problem) {
    alarm(inWords(problem));
    if (problem.code === 'precondition_failed') done(await api.key(id(key)));
  }
}

/** Asks for the overlap, makes a new secret and shows it. */
export async function generateSecret(key, done) {
  const policy = current().policy;
  const choices = overlaps(policy).map((seconds, i, all) => ({
    value: seconds,
    label: seconds ? `${duration(seconds)}${i === all.length - 1 ? ' – the longest that your policy allows' : ''}` : '0 – it ends at once',
  }));
  let overlap = 0;
  const once = crypto.randomUUID();
  const result = await formDialog({
    title: title('Generate a new secret for “', key.name, '”?'), label: 'Generate new secret', doing: 'Generating…', ask: true, send: () => rotate(key, overlap, once),
    body: (at, update) => html`<p>The key keeps its id, its expiry and its permissions.</p>
      ${radios({ name: 'overlap', label: 'The old secret works on for:', value: overlap, choices, error: at('overlap_seconds'), change: (value) => { overlap = value; update(); } })}
      <p class="consequence" role="status">${overlap ? `The old secret works for another ${duration(overlap)}, then it is refused.` : 'Whatever still uses the old secret is refused from its next request.'}</p>`,
  });
  if (result) await present(result.answer, done);
}

const rotate = (key, overlap, once) => api.rotateKey(id(key), { body: { overlap_seconds: overlap }, once });

/** Makes a new secret without a question: nobody ever had the old one. */
export async function rotateNow(key, done) {
  try {
    await present(await rotate(key, 0, crypto.randomUUID()), done);
  } catch (problem) {
    alarm(inWords(problem));
  }
}

async function present(key, done) {
  const card = takeSecret(key);
  done(key);
  if (card) {
    await showSecrets([card], `New secret of ${key.name} generated. Copy it now.`);
    say(`New secret of ${key.name} generated.`);
  } else if (await secretLost('A new secret was generated, but it was lost on the way.')) {
    await rotateNow(key, done);
  }
}

export async function changeExpiry(key, done) {
  const organization = await api.organization().catch(() => current());
  keep(organization);
  const { policy } = organization;
  const fixed = notExtendable(policy, key);
  const latest = fixed && key.expires_at ? Date.parse(key.expires_at) : Infinity;
  const expiry = newExpiry(policy, { latest });
  if (fixed || key.expires_at) expiry.choice = 'date';
  const result = await formDialog({
    title: title('Change the expiry of “', key.name, '”'), label: 'Change expiry', doing: 'Saving…', ask: true, send: () => change(key, expiryBody(expiry)),
    again: async () => { key = await api.key(id(key)); done(key); }, why: () => (chosen(expiry) ? '' : 'Choose a date first.'),
    body: (at, update) => html`<p class="muted">${key.expires_at ? `Now: ${key.status === 'expired' ? 'expired' : 'expires'} on ${dateAndTime(key.expires_at)}.` : 'Now: never expires.'}</p>
      ${expiryField(expiry, update, { mine: key.user_id === myself().user_id, label: 'New expiry', note: fixed && `${fixed} An earlier one is always allowed.`, error: at('expires_in_days', 'expires_at', 'never_expires') })}
      ${key.status === 'expired' ? html`<p>It takes a place in the quota again.</p>` : nothing}`,
  });
  if (result) told(done, result.answer, `Expiry of ${key.name} changed.`);
}

/** Each permission of a key and where it comes from. */
export const viewPermissions = (key) => openDialog(({ close, update }) => {
  /** @type {any[]} */ let items = [];
  let next;
  let loaded = false;
  /** @type {any} */ let problem = null;
  const load = async () => {
    problem = null;
    try {
      const page = await api.keyPermissions({ ...id(key), limit: 100, cursor: next });
      items = [...items, ...page.items];
      next = page.next_cursor;
      loaded = true;
    } catch (failed) {
      problem = failed;
    }
    update();
  };
  load();
  const from = (source) => html`<li>${source.of === 'key' ? 'Narrowed to ' : ''}${source.type === 'owner' ? 'Owner' : source.type === 'role' ? html`role <code>${source.role}</code>` : html`group <code>${source.group}</code> → role <code>${source.role}</code>`}</li>`;
  return () => html`<div class="dialog">${title('Permissions of “', key.name, '”')}<div class="body" tabindex="0" role="group" aria-label="Permissions and where they come from">
    ${!loaded && !problem ? html`<p class="muted" aria-busy="true">Loading…</p>` : nothing}${problem ? failure(problem, load) : nothing}
    ${loaded && !items.length ? html`<p>${key.roles || key.groups ? 'This key permits nothing: the roles it was narrowed to are gone.' : 'This key permits nothing: its user has no roles.'}</p>` : nothing}
    ${items.length ? html`<table class="plain-table"><caption class="hidden">Permissions of ${key.name}</caption><thead><tr><th scope="col">Permission</th><th scope="col">From</th></tr></thead>
      <tbody>${items.map((one) => html`<tr><th scope="row"><code>${one.permission}</code></th><td><ul class="bare">${one.sources.map(from)}</ul></td></tr>`)}</tbody></table>
      ${next ? html`<p><button type="button" @click=${load}>Load more</button></p>` : nothing}` : nothing}</div>
    <div class="buttons"><button type="button" data-focus @click=${() => close()}>Close</button></div></div>`;
}, { wide: true });
