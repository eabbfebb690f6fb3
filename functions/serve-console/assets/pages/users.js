// @ts-check
// Users Management: everybody in the organization, people and machines.
import { html } from '../vendor/lit-html/lit-html.js';
import { listUsers } from '../api.js';
import { needs, userPath, why } from '../session.js';
import { empty, forbidden } from '../parts/empty.js';
import { filters } from '../parts/filters.js';
import { icon, KINDS, pill, userStatus } from '../parts/icon.js';
import { reasoned } from '../parts/key-table.js';
import { menuButton } from '../parts/menu.js';
import { list, table } from '../parts/table.js';

export const title = 'Users Management';

export function open(view) {
  const lacking = needs('ListUsers');
  if (lacking) return () => html`<h1 tabindex="-1">Users Management</h1>${forbidden({ needs: lacking })}`;
  const filter = filters(view.query, 'kind status q', () => users.reload());
  const users = list(view, (cursor) => listUsers({ ...filter.values, cursor }, { signal: view.signal }));
  const act = (name, user) => import('../parts/user-actions.js').then((actions) => actions[name](user, (changed) => (changed ? users.put(changed, 'user_id') : users.drop(user))));
  const add = () => import('../parts/add-user.js').then(({ addUser }) => addUser((user) => users.put(user, 'user_id')));
  const menu = (user) => [
    { label: 'Details', href: userPath(user.user_id) },
    { label: 'Access keys', href: userPath(user.user_id, 'access-keys') },
    user.status === 'suspended' ? { label: 'Lift suspension', run: () => act('liftUser', user), why: why('WriteUser') } : { label: 'Suspend', run: () => act('suspendUser', user), why: why('WriteUser'), rule: true },
    { label: 'Delete', run: () => act('removeUser', user), why: why('DeleteUser', user), danger: true },
  ];
  const given = (user) => { const all = [...user.roles, ...user.groups]; return all.length ? html`${all.slice(0, 2).map((one) => html`<code class="permission">${one}</code> `)}${all.length > 2 ? html`<span class="muted">+${all.length - 2}</span>` : ''}` : html`<span class="muted">${user.kind === 'owner' ? 'Everything' : 'None'}</span>`; };
  const columns = [
    { label: 'Name', kind: 'head', by: (user) => user.name, cell: (user) => html`<a class="name" href=${userPath(user.user_id)}><bdi>${user.name}</bdi></a><span class="below muted">${KINDS[user.kind]}${user.email ? html`<br>${user.email}` : ''}</span>` },
    { label: 'Kind', kind: 'far', by: (user) => KINDS[user.kind], cell: (user) => KINDS[user.kind] },
    { label: 'E-mail', kind: 'far', by: (user) => user.email, cell: (user) => html`<span class="short">${user.email ?? ''}</span>` },
    { label: 'Status', by: userStatus, cell: (user) => pill(userStatus(user)) },
    { label: 'Roles and groups', kind: 'far', cell: given },
    { label: 'Actions', kind: 'mute end', cell: (user) => menuButton(`Actions for ${user.name}`, () => menu(user)) },
  ];
  return () => html`<div class="page-head"><div><h1 tabindex="-1">Users Management</h1><p class="muted">People sign in; machines use access keys alone.</p></div><div class="do">${reasoned(html`${icon('plus')}Add user`, add, why('WriteUser'), 'add-why', 'primary')}</div></div>
    <div class="filters">${filter.find('Name or e-mail')}
      ${filter.chips('Kind', 'kind', [['', 'Everybody'], ['owner', 'Owners'], ['normal', 'Normal'], ['machine', 'Machines']])}
      ${filter.chips('Status', 'status', [['', 'Any status'], ['active', 'Active'], ['suspended', 'Suspended']])}</div>
    ${table({ caption: 'Users', columns, list: users, key: 'user_id', order: 'By user id', none: empty(filter.any() ? 'No user fits these filters.' : 'There are no users.', filter.any() ? filter.clear() : '', filter.any() ? 'search' : 'person') })}`;
}
