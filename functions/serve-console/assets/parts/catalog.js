// @ts-check
// Roles and groups: one list for both. A role holds permissions, a group holds roles.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { needs, why } from '../session.js';
import { when } from '../time.js';
import { empty, forbidden } from './empty.js';
import { icon } from './icon.js';
import { reasoned } from './key-table.js';
import { menuButton } from './menu.js';
import { focusTable, list, table } from './table.js';
import { say } from './toast.js';

const WORDS = {
  role: { plural: 'Roles', put: api.putRole, remove: api.deleteRole, load: api.listRoles, holds: 'permissions', about: 'A role is a set of permissions. Users, keys and groups carry roles.' },
  group: { plural: 'Groups', put: api.putGroup, remove: api.deleteGroup, load: api.listGroups, holds: 'roles', about: 'A group carries roles. Whoever is in it holds what they permit.' },
};

/** The page of one kind. @param {'role' | 'group'} kind */
export const catalogPage = (kind) => (view) => {
  const { plural, remove, load, holds, about } = WORDS[kind];
  const lacking = needs('ReadRoles');
  if (lacking) return () => html`<h1 tabindex="-1">${plural}</h1>${forbidden({ needs: lacking })}`;
  const items = list(view, (cursor) => load({ limit: 100, cursor }, { signal: view.signal }));
  const edit = async (item) => {
    const { editor } = await import('./edit-catalog.js');
    const result = await editor(kind, item, items, WORDS[kind]);
    if (result) { items.put(result.answer, 'name'); say(`${result.answer.name} saved.`); }
  };
  const drop = async (item) => {
    const text = `Within ten seconds nobody holds what only this ${kind} gave them. Keys narrowed to it permit nothing more by it.`;
    const { ask, title } = await import('./dialog.js');
    const again = async () => { await items.reload(); item = items.items.find((one) => one.name === item.name) ?? item; };
    const result = await ask({ title: title(`Delete the ${kind} “`, item.name, '”?'), text, label: `Delete ${kind}`, doing: 'Deleting…', again, send: () => remove({ [kind]: item.name }, { match: item.version }) });
    if (result) { items.drop(item); say(`${item.name} deleted.`); focusTable(); }
  };
  const columns = [
    { label: 'Name', kind: 'head', by: (item) => item.name, cell: (item) => html`<b>${item.name}</b>${item.description ? html`<br><span class="muted wrap"><bdi>${item.description}</bdi></span>` : nothing}` },
    { label: kind === 'role' ? 'Permissions' : 'Roles', cell: (item) => (item[holds].length ? html`${item[holds].slice(0, 4).map((one) => html`<code class="permission">${one}</code> `)}${item[holds].length > 4 ? html`<span class="muted">+${item[holds].length - 4}</span>` : nothing}` : html`<span class="muted">None</span>`) },
    { label: 'Changed', kind: 'far', by: (item) => item.updated_at, cell: (item) => when(item.updated_at) },
    { label: 'Actions', kind: 'mute end', cell: (item) => menuButton(`Actions for ${item.name}`, () => [
      { label: 'Edit', run: () => edit(item), why: why('WriteRoles') }, { label: 'Delete', run: () => drop(item), why: why('WriteRoles'), danger: true }]) },
  ];
  const add = reasoned(html`${icon('plus')}Add ${kind}`, () => edit(null), why('WriteRoles'), 'add-why', 'primary');
  const first = reasoned(`Add the first ${kind}`, () => edit(null), why('WriteRoles'), 'first-why', '', true);
  return () => html`<div class="page-head"><div><h1 tabindex="-1">${plural}</h1><p class="muted">${about}</p></div><div class="do">${add}</div></div>
    ${table({ caption: plural, columns, list: items, key: 'name', order: 'By name', none: empty(`There are no ${plural.toLowerCase()} yet.`, first) })}`;
};
