// @ts-check
// Roles and groups that are chosen, for a user or a key.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { covers } from '../rights.js';
import { state } from '../session.js';
import { formDialog } from './dialog.js';
import { failure } from './empty.js';
import { check } from './field.js';
import { catalogFor, permissionsOf, together } from './grants.js';

/** What is permitted by both: a key may do what its user may, narrowed. */
const both = (mine, narrowed) => [...new Set([...narrowed.filter((one) => covers(mine, one)), ...mine.filter((one) => covers(narrowed, one))])].sort();

/**
 * Boxes for roles and groups.
 * @param {{user_id: string}} user whose names count where the catalog may not be read
 * @param {boolean} narrows whether the choice narrows a key of the user, instead of giving something
 */
export function restriction(user, update, start = { roles: /** @type {string[]} */ ([]), groups: /** @type {string[]} */ ([]) }, narrows = false) {
  const roles = new Set(start.roles);
  const groups = new Set(start.groups);
  /** @type {any} */ let catalog = null;
  /** @type {any} */ let problem = null;
  const load = async () => {
    problem = null;
    if (!catalog) catalog = await catalogFor(user).catch((failed) => { problem = failed; return null; });
    update();
  };
  const boxes = (legend, set, known) => {
    // Names that were deleted since stay visible, so that they can be taken away.
    const listed = [...known, ...[...set].filter((name) => !known.some((one) => one.name === name)).map((name) => ({ name, gone: catalog.whole }))];
    return listed.length ? html`<fieldset class="field"><legend>${legend}</legend><div class="choices">${listed.map((one) => check({
      label: one.name, hint: one.gone ? 'Deleted: it permits nothing.' : one.description, checked: set.has(one.name),
      change: (on) => { if (on) set.add(one.name); else set.delete(one.name); update(); } }))}</div></fieldset>` : nothing;
  };
  return {
    load,
    ready: () => !!catalog,
    chosen: () => ({ roles: [...roles], groups: [...groups] }),
    draw(error = '') {
      if (problem) return failure(problem, load);
      if (!catalog) return html`<p class="muted" aria-busy="true">Loading…</p>`;
      if (!catalog.roles.length && !catalog.groups.length && !roles.size && !groups.size) return html`<p class="hint">There are no roles and groups to choose from.${narrows ? ' With none chosen, the key may do nothing.' : ''}</p>`;
      const named = permissionsOf({ roles: [...roles], groups: [...groups] }, catalog);
      const permissions = narrows && user.user_id === state.me.user_id ? both(state.me.permissions, named) : named;
      return html`${boxes('Roles', roles, catalog.roles)}${boxes('Groups', groups, catalog.groups)}
        ${catalog.whole ? together(permissions) : nothing}
        ${error ? html`<p class="error" role="alert">${error}</p>` : nothing}`;
    },
  };
}

/**
 * Asks for roles and groups, and saves them.
 * @param {{title: any, note: any, user: any, start: any, save: (chosen: {roles: string[], groups: string[]}) => Promise<any>, again: () => Promise<void>, narrows?: boolean}} options
 */
export function selectAssignments({ title, note, user, start, save, again, narrows }) {
  /** @type {ReturnType<typeof restriction>} */ let boxes;
  return formDialog({ title, label: 'Save', doing: 'Saving…', ask: true, again, send: () => save(boxes.chosen()), why: () => (boxes?.ready() ? '' : 'Loading…'),
    body: (at, update) => {
      if (!boxes) { boxes = restriction(user, update, start, narrows); boxes.load(); }
      return html`<p class="muted">${note}</p>${boxes.draw(at('roles', 'groups'))}`;
    } });
}
