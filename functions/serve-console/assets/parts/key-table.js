// @ts-check
// Access keys as rows: the columns, and the menu of what can be done with one.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { path } from '../router.js';
import { current, userPath, why } from '../session.js';
import { now, relative, when } from '../time.js';
import { notExtendable } from '../quota.js';
import { code } from './copy.js';
import { pill } from './icon.js';
import { menuButton } from './menu.js';
import { list } from './table.js';

const owner = (key) => ({ user_id: key.user_id, kind: key.user_kind });

/** Runs an action of parts/key-actions.js, which is loaded with the first one. */
export const act = (name, ...rest) => import('./key-actions.js').then((actions) => actions[name](...rest));

/**
 * What can be done with a key. `done` gets the key as it is then, or null where it is gone.
 * @param {any} key
 * @param {(key: any | null) => void} done
 */
function keyMenu(key, done) {
  const user = owner(key);
  const over = key.status === 'revoked' && 'This key was revoked already.';
  const still = over || (key.status === 'expired' && 'This key has expired.') || (key.status === 'inactive' && 'This key is switched off.');
  const policy = current()?.policy;
  const item = (label, name, reason, more = {}) => ({ label, run: () => act(name, key, done), why: reason || '', ...more });
  return [
    { label: 'Key details', href: path('access-keys', key.key_id) },
    item('View permissions', 'viewPermissions', ''),
    item('Change expiry', 'changeExpiry', why('WriteKey', user) || over || (key.status === 'expired' && policy && notExtendable(policy, key))),
    item('Generate new secret', 'generateSecret', why('RotateKey', user) || still),
    key.status === 'inactive' ? item('Switch on', 'switchOn', why('WriteKey', user) && why('WriteUser')) : item('Switch off', 'switchOff', why('EndKey', user) || over),
    item('Revoke', 'revoke', why('EndKey', user) || over, { danger: true, rule: true }),
    item('Delete', 'remove', why('EndKey', user), { danger: true }),
  ];
}

/** The half of a key that is no secret. */
export const publicHalf = (key) => /^[a-z0-9]+_[0-9A-Za-z]{20}/.exec(key.masked_key)?.[0] ?? key.masked_key;

/** When a key ends. Ends within 14 days stand out. */
export function expiry(key) {
  if (!key.expires_at) return html`<span class="muted">Never</span>`;
  const left = Date.parse(key.expires_at) - now();
  return html`<span class=${key.status === 'active' && left < 14 * 864e5 ? 'soon' : ''}>${when(key.expires_at)}</span>`;
}

/** The columns of a table of keys. */
export const keyColumns = ({ user = false } = {}) => [
  { label: 'Name', kind: 'head', by: (key) => key.name, cell: (key) => html`<a class="name" href=${path('access-keys', key.key_id)} aria-current=${location.pathname === path('access-keys', key.key_id) ? 'true' : nothing}><bdi>${key.name}</bdi></a><span class="below muted"><code translate="no">${key.masked_key}</code></span>` },
  { label: 'Access key', kind: 'far', cell: (key) => code(publicHalf(key), `access key of ${key.name}`, key.masked_key) },
  user && { label: 'User', kind: 'far', by: (key) => key.user_name, cell: (key) => html`<a class="short" href=${userPath(key.user_id, 'access-keys')}><bdi>${key.user_name}</bdi></a>` },
  { label: 'Status', by: (key) => key.status, cell: (key) => pill(key.status) },
  { label: 'Expires', kind: 'ends', by: (key) => key.expires_at, cell: expiry },
  { label: 'Last used', kind: 'far', by: (key) => key.last_used_at, cell: (key) => when(key.last_used_at, html`<span class="muted">Never used</span>`) },
  { label: 'Created', kind: 'far later', by: (key) => key.created_at, cell: (key) => when(key.created_at) },
  { label: 'Actions', kind: 'mute end', cell: (key) => menuButton(`Actions for ${key.name}`, () => keyMenu(key, tell(key))) },
];

/** Tells all that show a key what it is now; null: it is gone. */
export const tell = (key) => (changed) => { dispatchEvent(new CustomEvent('key-changed', { detail: { key_id: key.key_id, changed } })); };

/** A list of keys, which follows what is changed in it and beside it. */
export function keyList(view, load) {
  const keys = list(view, load);
  addEventListener('key-changed', (event) => {
    const { key_id, changed } = /** @type {CustomEvent} */ (event).detail;
    const known = keys.items.find((one) => one.key_id === key_id);
    if (known && changed) keys.put(changed, 'key_id'); else if (known) keys.drop(known);
  }, { signal: view.signal });
  return keys;
}

/** "It was last used 4 minutes ago." */
export const lastUse = (key) => (key.last_used_at ? `It was last used ${relative(key.last_used_at)}.` : 'It was never used.');

/** Buttons whose work goes on: pressed twice, they do it once. @type {WeakSet<Element>} */
const working = new WeakSet();

const press = (button, run) => {
  if (working.has(button)) return;
  working.add(button);
  return Promise.resolve(run()).finally(() => working.delete(button));
};

/** A button that may be unavailable, with its reason for everybody. Quiet: the reason is written elsewhere. */
export const reasoned = (label, run, reason, id, kind = '', quiet = false) => html`<button type="button" class=${kind} aria-disabled=${reason ? 'true' : nothing} aria-describedby=${reason ? id : nothing} title=${reason || nothing} @click=${(event) => reason || press(event.currentTarget, run)}>${label}</button>${reason ? html`<small class=${quiet ? 'hidden' : 'reason'} id=${id}>${reason}</small>` : nothing}`;
