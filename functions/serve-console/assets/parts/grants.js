// @ts-check
// Roles and groups: which there are, and what they permit together.
import { html } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { needs } from '../session.js';

/** All pages of a list. Roles and groups are at most 100 each. */
export async function all(load) {
  const items = [];
  for (let cursor; ;) {
    const page = await load({ limit: 100, cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
    if (!cursor) return items;
  }
}

/** What roles and groups permit. Names that are gone permit nothing. */
export function permissionsOf({ roles = [], groups = [] }, catalog) {
  const names = new Set([...roles, ...groups.flatMap((name) => catalog.groups.find((group) => group.name === name)?.roles ?? [])]);
  return [...new Set(catalog.roles.filter((role) => names.has(role.name)).flatMap((role) => role.permissions ?? []))].sort();
}

/** The roles and groups that can be named: all with roles:read, else those of the user. */
export async function catalogFor(user) {
  if (!needs('ReadRoles')) {
    const [roles, groups] = await Promise.all([all(api.listRoles), all(api.listGroups)]);
    return { roles, groups, whole: true };
  }
  const { roles, groups } = await api.user({ user_id: user.user_id });
  return { roles: roles.map((name) => ({ name })), groups: groups.map((name) => ({ name })), whole: false };
}

/** What a choice comes to. */
export const together = (permissions) => html`<p class="hint">${permissions.length ? html`Together they permit: ${permissions.map((one) => html`<code class="permission">${one}</code> `)}` : 'Together they permit nothing.'}</p>`;
