// @ts-check
// A user's page: Profile, Access Keys, Access. One's own is under My Account.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { full, live } from '../quota.js';
import { go, path } from '../router.js';
import { current, enter, forget, needs, state, why } from '../session.js';
import { when } from '../time.js';
import { code } from '../parts/copy.js';
import { empty, failure, skeleton, waiting } from '../parts/empty.js';
import { icon, KINDS, pill, userStatus } from '../parts/icon.js';
import { keyColumns, keyList, reasoned } from '../parts/key-table.js';
import { accountTabs, tabs } from '../parts/menu.js';
import { table } from '../parts/table.js';

export const title = 'User';

export function open(view) {
  const mine = location.pathname.split('/')[3] === 'me';
  const user_id = mine ? 'me' : view.parameters.user_id;
  const tab = mine ? location.pathname.split('/')[4] : view.parameters.tab ?? 'profile';
  /** @type {any} */ let user = null;
  /** @type {any} */ let problem = null;
  /** @type {any} */ let catalog = null;
  const changed = (now) => {
    if (!now) return go(path('users'));
    user = now;
    view.titled(mine ? 'My Account' : user.name);
    view.update();
  };
  const load = async () => {
    problem = null;
    try {
      changed(await api.user({ user_id }, { signal: view.signal }));
      if (tab === 'access' && !needs('ReadRoles')) {
        const { catalogFor, permissionsOf } = await import('../parts/grants.js');
        catalog = await catalogFor(user);
        catalog.of = permissionsOf;
      }
    } catch (failed) {
      problem = failed;
    }
    view.update();
  };
  load();
  const keys = tab === 'access-keys' && !mine ? keyList(view, (cursor) => api.listKeysOf({ user_id, limit: 100, cursor }, { signal: view.signal })) : null;
  const columns = keys && keyColumns();
  const act = (name) => () => import('../parts/user-actions.js').then((actions) => actions[name](user, async (now) => { if (mine) { forget(); await enter(); } changed(now); }));
  return () => {
    if (problem) return html`<h1 tabindex="-1">User</h1>${failure(problem, load)}`;
    if (!user) return html`${mine ? accountTabs() : nothing}<h1 tabindex="-1">${mine ? 'My Account' : 'User'}</h1>${view.slow ? skeleton(5) : waiting}`;
    const at = (...rest) => path('users', user.user_id, ...rest);
    const head = mine ? html`${accountTabs()}<div class="page-head"><h1 tabindex="-1">${tab === 'access' ? 'Your access' : 'Your profile'}</h1></div>`
      : html`<p class="crumb"><a href=${path('users')}>${icon('back')}Users Management</a></p>
      <div class="page-head"><div><h1 tabindex="-1"><bdi>${user.name}</bdi></h1><p>${pill(userStatus(user))} <span class="muted">${KINDS[user.kind]}</span></p></div></div>
      ${tabs(`Pages of ${user.name}`, [['Profile', at()], ['Access Keys', at('access-keys')], ['Access', at('access')]])}`;
    return html`${head}${tab === 'access-keys' ? keysOf(user, keys, columns) : tab === 'access' ? access(user, catalog, act) : profile(user, mine, act)}`;
  };
}

function profile(user, mine, act) {
  return html`<div class="columns"><section class="card pad" aria-label="Profile"><dl>
    <dt>Name</dt><dd><bdi>${user.name}</bdi></dd>
    <dt>E-mail</dt><dd>${user.email ?? 'None'}</dd>
    <dt>Kind</dt><dd>${KINDS[user.kind]}</dd>
    <dt>Status</dt><dd>${pill(userStatus(user))}${userStatus(user) === 'invited' ? html`<small class="hint">Has never signed in. They join by signing in with this address.</small>` : nothing}</dd>
    <dt>User id</dt><dd>${code(user.user_id, 'user id')}</dd>
    <dt>Created</dt><dd>${when(user.created_at)}</dd></dl>
    <div class="do">${reasoned('Edit', act('editUser'), why('WriteProfile', user), 'edit-why')}</div></section>
    ${mine ? nothing : html`<section class="card pad"><h2>End or pause</h2><div class="do">
      ${user.status === 'suspended' ? reasoned('Lift suspension', act('liftUser'), why('WriteUser'), 'lift-why') : reasoned('Suspend', act('suspendUser'), why('WriteUser'), 'suspend-why')}
      ${reasoned('Delete', act('removeUser'), why('DeleteUser', user), 'delete-why', 'danger-quiet')}</div></section>`}</div>`;
}

function keysOf(user, keys, columns) {
  const person = user.kind !== 'machine';
  const most = current()?.policy.quota[user.kind];
  const create = () => import('../parts/create-key.js').then(({ createKeyFor }) => createKeyFor(user, keys));
  const lacking = why('CreateKey', user) || (user.status === 'suspended' ? 'This user is suspended.' : '') || full(keys, most, user.kind);
  return html`<div class="page-head"><p class="muted">${keys.whole && most !== undefined ? `${live(keys.items)} of ${most} in use` : ''}${person ? html`<br>People make their own keys, so that nobody else sees their secrets. You can revoke, switch off or delete these.` : nothing}</p>
    ${person ? nothing : html`<div class="do">${reasoned(html`${icon('plus')}Create New Key`, create, lacking, 'create-why', 'primary')}</div>`}</div>
    ${table({ caption: `Access keys of ${user.name}`, columns, list: keys, key: 'key_id', order: 'By key id', none: empty(`${user.name} has no access keys.`, person ? nothing : reasoned('Create its first key', create, lacking, 'first-why', '', true)) })}`;
}

function access(user, catalog, act) {
  const owner = user.kind === 'owner';
  const listed = (label, names) => html`<dt>${label}</dt><dd>${names.length ? names.map((one) => html`<code class="permission">${one}</code> `) : 'None'}</dd>`;
  const all = owner ? ['*'] : catalog?.of(user, catalog) ?? (user.user_id === state.me.user_id ? state.me.permissions : null);
  return html`<div class="columns"><section class="card pad"><h2>Assignments</h2><dl>${listed('Roles', user.roles)}${listed('Groups', user.groups)}</dl>
    <div class="do">${reasoned(html`Select<span class="hidden"> roles and groups</span>`, act('assignUser'), why('WriteUser'), 'select-why')}</div></section>
    ${all ? html`<section class="card pad"><h2>Permissions</h2>${owner ? html`<p>Owners hold every permission of the organization.</p>` : all.length ? html`<ul class="bare">${all.map((one) => html`<li><code class="permission">${one}</code></li>`)}</ul>` : html`<p>None.</p>`}</section>` : needs('ReadRoles') ? nothing : waiting}</div>`;
}
