// @ts-check
// Key details: everything about one key, and what can be done with it. Its name and description are edited where they stand.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { notExtendable } from '../quota.js';
import { go, path } from '../router.js';
import { current, needs, state, userPath, why } from '../session.js';
import { exact, when } from '../time.js';
import { code } from '../parts/copy.js';
import { failure, skeleton, waiting } from '../parts/empty.js';
import { icon, KINDS, pill } from '../parts/icon.js';
import { act, lastUse, publicHalf, reasoned, tell } from '../parts/key-table.js';

export const title = 'Key details';

export function open(view) {
  /** @type {any} */ let key = null;
  /** @type {any} */ let problem = null;
  /** @type {any} */ let events = null;
  let gone = false;
  /** What is edited where it stands. @type {Map<string, {take: (key: any) => void, draw: () => any}>} */ const editing = new Map();
  const names = new Map([[state.me.user_id, state.me.user_name]]);
  const id = view.parameters;
  const load = async () => {
    problem = null;
    try {
      changed(await api.key(id, { signal: view.signal }));
      names.set(key.user_id, key.user_name);
      more();
    } catch (failed) {
      problem = failed;
    }
    view.update();
  };
  const changed = (now) => {
    if (now === null && view.list) return go(view.list);
    gone = now === null;
    key = now ?? key;
    editing.forEach((editor) => editor.take(key));
    view.titled(key.name, key.user_id === state.me.user_id ? 'me' : undefined);
    view.update();
  };
  addEventListener('key-changed', (event) => {
    const { key_id, changed: now } = /** @type {CustomEvent} */ (event).detail;
    if (key_id === id.key_id) changed(now);
  }, { signal: view.signal });
  /** What the page can do without: names of those who changed it, and the newest events. */
  const more = async () => {
    for (const who of new Set([key.created_by, key.updated_by])) {
      if (names.has(who) || needs('ReadUser', { user_id: who, kind: '' })) continue;
      api.user({ user_id: who }, { signal: view.signal }).then((user) => { names.set(who, user.name); view.update(); }).catch(() => {});
    }
    if (!needs('ReadAudit')) {
      events = await api.listEvents({ target: key.key_id, limit: 5 }, { signal: view.signal }).then((page) => page.items).catch(() => null);
      view.update();
    }
  };
  const focus = (selector) => { view.update(); queueMicrotask(() => /** @type {HTMLElement | null} */ (document.querySelector(selector))?.focus()); };
  const edit = async (member) => {
    const { editor } = await import('../parts/in-place.js');
    editing.set(member, editor(key, member, { changed: tell(key), update: view.update, end: () => { editing.delete(member); focus(`[data-edit=${member}] button`); } }));
    focus(`#edit-${member}`);
  };
  load();
  return () => {
    if (gone) return html`<h1 tabindex="-1">Key deleted</h1><div class="empty"><p>The key is deleted. The audit log keeps what happened.</p><a class="button" href=${back(key)[0]}>${back(key)[1]}</a></div>`;
    if (problem) return html`${heading(view, 'Key details')}${failure(problem, load)}`;
    if (!key) return html`${heading(view, 'Key details')}${view.slow ? skeleton(6) : waiting}`;
    return details(key, view, { names, events, editing, edit });
  };
}

/**
 * The heading of the page, or of the details beside the page, which can be closed.
 * @param {any} form stands in its place while the name is edited
 */
const heading = (view, name, button = /** @type {any} */ (nothing), form = /** @type {any} */ (null)) => (view.list
  ? html`<div class="page-head"><div class="titled"><h2 tabindex="-1" id="pane-title" class=${form ? 'hidden' : ''}><bdi>${name}</bdi></h2>${form ?? button}</div><a class="button quiet icon-only" href=${view.list} aria-label="Close key details">${icon('cross')}</a></div>`
  : html`<div class="titled"><h1 tabindex="-1" class=${form ? 'hidden' : ''}><bdi>${name}</bdi></h1>${form ?? button}</div>`);

const back = (key) => (key.user_id === state.me.user_id ? [path('me', 'access-keys'), 'Your access keys'] : needs('ListKeys') ? [userPath(key.user_id, 'access-keys'), key.user_name] : [path('access-keys'), 'Keys']);

function details(key, view, { names, events, editing, edit }) {
  const changed = tell(key);
  const user = { user_id: key.user_id, kind: key.user_kind };
  const policy = current()?.policy;
  const over = key.status === 'revoked' ? 'This key was revoked already.' : '';
  const write = why('WriteKey', user) || over;
  const later = key.status === 'expired' && policy ? notExtendable(policy, key) : '';
  const still = over || (key.status === 'expired' && 'This key has expired.') || (key.status === 'inactive' && 'This key is switched off.') || '';
  // Several buttons have the same reason: each is written once, below the name.
  /** @type {Set<string>} */ const reasons = new Set();
  const button = (label, name, reason, kind = '') => {
    if (reason) reasons.add(reason);
    return reasoned(label, () => (name === 'changeNetworks' || name === 'assignKey' ? import('../parts/edit-key.js').then((edit) => edit[name](key, changed)) : act(name, key, changed)), reason, `${name}-why`, kind, true);
  };
  const networks = button(html`Change<span class="hidden"> networks</span>`, 'changeNetworks', write, 'small');
  const pencil = (member) => html`<span data-edit=${member}>${reasoned(html`${icon('pencil')}<span class="hidden">Edit ${member}</span>`, () => edit(member), write, `${member}-why`, 'quiet icon-only', true)}</span>`;
  const form = (member) => editing.get(member)?.draw() ?? null;
  const title = heading(view, key.name, pencil('name'), form('name'));
  const rotate = button('Generate new secret', 'generateSecret', why('RotateKey', user) || still, 'primary');
  const change = button(html`Change<span class="hidden"> expiry</span>`, 'changeExpiry', write || later, 'small');
  const select = button(html`Select<span class="hidden"> roles and groups</span>`, 'assignKey', write);
  const ends = [key.status === 'inactive' ? button('Switch on', 'switchOn', why('WriteKey', user) && why('WriteUser')) : button('Switch off', 'switchOff', why('EndKey', user) || over),
    button('Revoke', 'revoke', why('EndKey', user) || over, 'danger-quiet'), button('Delete', 'remove', why('EndKey', user), 'danger-quiet')];
  const who = (id) => (names.has(id) ? html`<bdi>${names.get(id)}</bdi>` : html`<code>${id}</code>`);
  const [href, label] = back(key);
  const beside = !!view.list;
  return html`${beside ? title : html`<p class="crumb"><a href=${href}>${icon('back')}<bdi>${label}</bdi></a></p>`}
    <div class="page-head"><div>${beside ? nothing : title}<p>${pill(key.status)}</p>${[...reasons].map((reason) => html`<p class="hint">${reason}</p>`)}</div>
      <div class="do">${rotate}</div></div>
    <div class=${beside ? 'side' : 'columns'}><section class="card pad" aria-label="About this key"><dl>
      <dt>Description</dt><dd>${form('description') ?? html`<span class="titled">${key.description ? html`<bdi>${key.description}</bdi>` : html`<span class="muted">None</span>`}${pencil('description')}</span>`}</dd>
      <dt>Access key</dt><dd>${code(publicHalf(key), 'access key', key.masked_key)}<small class="hint">Secrets are stored nowhere. Generate a new one; the key keeps its id and expiry.</small></dd>
      <dt>User</dt><dd><a href=${userPath(key.user_id, 'access-keys')}><bdi>${key.user_name}</bdi></a> <span class="muted">${KINDS[key.user_kind]}</span></dd>
      <dt>Expires</dt><dd>${key.expires_at ? html`${when(key.expires_at)}` : 'Never'}${change}${key.expires_at ? html`<small class="hint">${exact(key.expires_at)}</small>` : nothing}</dd>
      <dt>Last used</dt><dd>${when(key.last_used_at, 'Never used')}${key.last_used_at ? html`<small class="hint">Recorded within ten minutes.</small>` : nothing}</dd>
      <dt>Created</dt><dd>${when(key.created_at)} by ${who(key.created_by)}</dd>
      <dt>Changed</dt><dd>${when(key.updated_at)} by ${who(key.updated_by)}</dd>
      ${key.rotated_at ? html`<dt>New secret</dt><dd>${when(key.rotated_at)}${key.overlap_ends_at ? html`<small class="hint">The previous secret works until ${exact(key.overlap_ends_at)}.</small>` : nothing}</dd>` : nothing}
      <dt>Networks</dt><dd>${key.allowed_cidrs ? html`<ul class="bare">${key.allowed_cidrs.map((one) => html`<li><code>${one}</code></li>`)}</ul>` : 'Everywhere'}${networks}</dd></dl></section>
    <div class="side"><section class="card pad"><h2>Assignments</h2>
      ${key.roles || key.groups ? html`<p>This key may do only what these roles and groups permit, and its user too.</p>${names2('Roles', key.roles)}${names2('Groups', key.groups)}` : html`<p>This key may do everything that its user may.</p>`}
      <div class="do">${select}${reasoned('View permissions', () => act('viewPermissions', key), '', '')}</div></section>
    <section class="card pad"><h2>End or pause</h2>${key.last_used_at ? html`<p class="muted">${lastUse(key)}</p>` : nothing}<div class="do">
      ${ends}</div></section>
    ${events?.length ? html`<section class="card pad"><h2>Recent events</h2><ul class="events">${events.map((one) => html`<li><b>${words(one.action)}</b> by <bdi>${one.actor.name}</bdi><span class="muted">${when(one.at)}</span></li>`)}</ul><a href="${path('audit')}?target=${key.key_id}">All events of this key</a></section>` : nothing}</div></div>`;
}

const names2 = (label, list) => (list?.length ? html`<p><span class="muted">${label}:</span> ${list.map((one) => html`<code class="permission">${one}</code> `)}</p>` : nothing);

const words = (action) => { const text = action.split('.')[1].replaceAll('_', ' '); return text[0].toUpperCase() + text.slice(1); };
