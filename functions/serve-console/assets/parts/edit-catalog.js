// @ts-check
// The editor of a role or a group.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { listRoles } from '../api.js';
import { state } from '../session.js';
import { all, permissionsOf, together } from './grants.js';
import { formDialog, title } from './dialog.js';
import { check, field, lines } from './field.js';

/**
 * Adds or changes a role or a group.
 * @param {'role' | 'group'} kind
 * @param {any} item what is changed; null: a new one
 * @param {any} items
 * @param {{put: Function, load: (parameters: any) => Promise<any>, holds: string}} words
 */
export function editor(kind, item, items, { put, load, holds }) {
  const input = { name: item?.name ?? '', description: item?.description ?? '', held: (item?.[holds] ?? []).join('\n') };
  const roles = new Set(item?.[holds]);
  const seen = [...new Set([...state.me.permissions, ...items.items.flatMap((one) => one[holds])])].filter((one) => one !== '*').sort().slice(0, 24);
  /** @type {any[] | null} */ let known = null;
  if (kind === 'group') all(listRoles).then((found) => { known = found; redraw(); }, () => {});
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
    again: item && (async () => { item = (await all(load)).find((one) => one.name === item.name) ?? item; items.put(item, 'name'); }),
    body: (at, update) => {
      redraw = update;
      return html`${field({ name: 'name', label: 'Name', value: input.name, max: 64, focus: !item, readonly: !!item, error: at(kind, 'name'), hint: item ? 'A name stays.' : 'Of a-z, 0-9 and -.', input: (value) => { input.name = value; } })}
      ${field({ name: 'description', label: 'Description', value: input.description, max: 500, rows: 2, optional: true, focus: !!item, error: at('description'), input: (value) => { input.description = value; } })}
      ${kind === 'role' ? html`${field({ name: 'held', label: 'Permissions', rows: 6, value: input.held, error: at('permissions'), hint: 'One in a line, for example clusters:read or clusters:*. You can only grant what you hold.', input: (value) => { input.held = value; } })}
        ${seen.length ? html`<div class="group" role="group" aria-label="Add a permission that is in use">${seen.filter((one) => !lines(input.held).includes(one)).map((one) => html`<button type="button" @click=${() => { input.held = [...lines(input.held), one].join('\n'); update(); }}>+ ${one}</button>`)}</div>` : nothing}`
      : html`<fieldset class="field"><legend>Roles</legend><p class="hint">You can only grant what you hold.</p><div class="choices">${(known ?? []).map((one) => check({ label: one.name, hint: one.description, checked: roles.has(one.name), change: (on) => { if (on) roles.add(one.name); else roles.delete(one.name); update(); } }))}</div>
        ${known && !known.length ? html`<p class="hint">There are no roles yet.</p>` : nothing}${at('roles') ? html`<p class="error">${at('roles')}</p>` : nothing}</fieldset>
        ${known ? together(permissionsOf({ roles: [...roles] }, { roles: known, groups: [] })) : nothing}`}`;
    },
  });
}
