// @ts-check
// Roles and groups: one list, one editor. A role holds permissions, a group holds roles.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { needs, state, why } from '../session.js';
import { when } from '../time.js';
import { all, permissionsOf } from './assign.js';
import { ask, formDialog, title } from './dialog.js';
import { empty, forbidden } from './empty.js';
import { check, field, lines } from './field.js';
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
    const result = await editor(kind, item, items);
    if (result) { items.put(result.answer, 'name'); say(`${result.answer.name} saved.`); }
  };
  const drop = async (item) => {
    const text = kind === 'role' ? 'Within ten seconds nobody holds what only this role gave them. Keys narrowed to it permit nothing more by it.' : 'Within ten seconds nobody holds what only this group gave them. Keys narrowed to it permit nothing more by it.';
    const result = await ask({ title: title(`Delete the ${kind} “`, item.name, '”?'), text, label: `Delete ${kind}`, doing: 'Deleting…', send: () => remove({ [kind]: item.name }, { match: item.version }) });
    if (result) { items.drop(item); say(`${item.name} deleted.`); focusTable(); }
  };
  const columns = [
    { label: 'Name', kind: 'head', cell: (item) => html`<b>${item.name}</b>${item.description ? html`<br><span class="muted wrap"><bdi>${item.description}</bdi></span>` : nothing}` },
    { label: kind === 'role' ? 'Permissions' : 'Roles', cell: (item) => (item[holds].length ? html`${item[holds].slice(0, 4).map((one) => html`<code class="permission">${one}</code> `)}${item[holds].length > 4 ? html`<span class="muted">+${item[holds].length - 4}</span>` : nothing}` : html`<span class="muted">None</span>`) },
    { label: 'Changed', kind: 'far', cell: (item) => when(item.updated_at) },
    { label: 'Actions', kind: 'mute end', cell: (item) => menuButton(`Actions for ${item.name}`, () => [
      { label: 'Edit', run: () => edit(item), why: why('WriteRoles') }, { label: 'Delete', run: () => drop(item), why: why('WriteRoles'), danger: true }]) },
  ];
  const add = reasoned(html`${icon('plus')}Add ${kind}`, () => edit(null), why('WriteRoles'), 'add-why', 'primary');
  return () => html`<div class="page-head"><div><h1 tabindex="-1">${plural}</h1><p class="muted">${about}</p></div><div class="do">${add}</div></div>
    ${table({ caption: plural, columns, list: items, key: 'name', none: empty(`There are no ${plural.toLowerCase()} yet.`) })}`;
};

function editor(kind, item, items) {
  const { put, holds } = WORDS[kind];
  const input = { name: item?.name ?? '', description: item?.description ?? '', held: (item?.[holds] ?? []).join('\n') };
  const roles = new Set(item?.[holds]);
  const seen = [...new Set([...state.me.permissions, ...items.items.flatMap((one) => one[holds])])].filter((one) => one !== '*').sort().slice(0, 24);
  /** @type {any[] | null} */ let known = null;
  if (kind === 'group') all(api.listRoles).then((found) => { known = found; redraw(); }, () => {});
  let redraw = () => {};
  const send = async () => {
    const description = input.description.trim();
    try {
      return await put({ [kind]: input.name.trim() }, { ...(item ? { match: item.version } : { create: true }), body: { [holds]: kind === 'role' ? lines(input.held) : [...roles], ...(description && { description }) } });
    } catch (problem) {
      if (!item && problem.code === 'precondition_failed') throw { code: 'invalid_request', field: kind, rule: `is the name of a ${kind} already` };
      throw problem;
    }
  };
  return formDialog({
    title: item ? title(`Edit the ${kind} “`, item.name, '”') : title(`Add ${kind}`), label: 'Save', doing: 'Saving…', send,
    again: item && (async () => { item = (await all(WORDS[kind].load)).find((one) => one.name === item.name) ?? item; items.put(item, 'name'); }),
    body: (at, update) => {
      redraw = update;
      return html`${field({ name: 'name', label: 'Name', value: input.name, max: 64, focus: !item, readonly: !!item, error: at(kind, 'name'), hint: item ? 'A name stays.' : 'Of a-z, 0-9 and -.', input: (value) => { input.name = value; } })}
      ${field({ name: 'description', label: 'Description', value: input.description, max: 500, rows: 2, optional: true, focus: !!item, error: at('description'), input: (value) => { input.description = value; } })}
      ${kind === 'role' ? html`${field({ name: 'held', label: 'Permissions', rows: 6, value: input.held, error: at('permissions'), hint: 'One in a line, for example clusters:read or clusters:*. You can only grant what you hold.', input: (value) => { input.held = value; } })}
        ${seen.length ? html`<div class="group" role="group" aria-label="Add a permission that is in use">${seen.filter((one) => !lines(input.held).includes(one)).map((one) => html`<button type="button" @click=${() => { input.held = [...lines(input.held), one].join('\n'); update(); }}>+ ${one}</button>`)}</div>` : nothing}`
      : html`<fieldset class="field"><legend>Roles</legend><div class="choices">${(known ?? []).map((one) => check({ label: one.name, hint: one.description, checked: roles.has(one.name), change: (on) => { if (on) roles.add(one.name); else roles.delete(one.name); update(); } }))}</div>
        ${known && !known.length ? html`<p class="hint">There are no roles yet.</p>` : nothing}${at('roles') ? html`<p class="error">${at('roles')}</p>` : nothing}</fieldset>
        ${known ? html`<p class="hint">Together they permit: ${permissionsOf({ roles: [...roles] }, { roles: known, groups: [] }).map((one) => html`<code class="permission">${one}</code> `)}</p>` : nothing}`}`;
    },
  });
}
