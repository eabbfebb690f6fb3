// @ts-check
// Keys of the organization, by expiry: filters, search, and ending several at once.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { listKeys } from '../api.js';
import { path } from '../router.js';
import { needs, why } from '../session.js';
import { iso, now } from '../time.js';
import { empty, forbidden } from '../parts/empty.js';
import { filters } from '../parts/filters.js';
import { keyColumns, keyList, reasoned } from '../parts/key-table.js';
import { table } from '../parts/table.js';

export const title = 'Keys';

const days = (n) => iso(now() + n * 864e5);

export function open(view) {
  const lacking = needs('ListKeys');
  if (lacking) return () => html`<h1 tabindex="-1">Keys</h1>${forbidden({ needs: lacking })}`;
  const chosen = new Set();
  const filter = filters(view.query, 'status kind q expires_before unused_since', () => { chosen.clear(); keys.reload(); });
  const keys = keyList(view, (cursor) => {
    const { status = '', kind, q, expires_before, unused_since } = filter.values;
    return listKeys({ status: status === 'all' ? '' : status || 'active', kind, q, expires_before, unused_since, cursor }, { signal: view.signal });
  });
  const tick = { label: 'Select', kind: 'mute tick', cell: (key) => html`<label class="box"><input type="checkbox" aria-label=${`Select ${key.name}`} .checked=${chosen.has(key.key_id)}
    @change=${(event) => { if (event.target.checked) chosen.add(key.key_id); else chosen.delete(key.key_id); view.update(); }}></label>` };
  const columns = [...(needs('EndKey') ? [] : [tick]), ...keyColumns({ user: true })];
  const bulk = (name) => import('../parts/bulk.js').then((actions) => actions[name](keys.items.filter((key) => chosen.has(key.key_id)), () => { chosen.clear(); view.update(); }));
  return () => html`<div class="page-head"><div><h1 tabindex="-1">Keys</h1><p class="muted">All keys of the organization, by expiry.</p></div></div>
    <div class="filters">${filter.find('Name, or a pasted key')}
      ${filter.chips('Status', 'status', [['active', 'Active'], ['inactive', 'Inactive'], ['expired', 'Expired'], ['revoked', 'Revoked'], ['all', 'All']])}
      ${filter.chips('Kind of user', 'kind', [['', 'Everybody'], ['machine', 'Machines'], ['owner', 'Owners'], ['normal', 'Normal']])}
      <div class="group" role="group" aria-label="More filters">${filter.toggle('expires_before', 'Expiring within 30 days', () => days(30))}${filter.toggle('unused_since', 'Unused for 90 days', () => days(-90))}</div></div>
    ${table({ caption: 'Access keys of the organization', columns, list: keys, key: 'key_id', order: 'By expiry',
      none: filter.any() ? empty('No key fits these filters.', filter.clear(), 'search') : empty('There are no active keys. People create theirs under My keys; those of machines are created on the machine\'s page.', html`<a class="button" href=${path('me', 'access-keys')}>Your access keys</a>`) })}
    ${chosen.size ? html`<div class="selected" role="region" aria-label="Selected keys"><b>${chosen.size} selected</b><span class="space"></span>
      ${reasoned('Switch off', () => bulk('switchOffAll'), why('EndKey'), 'bulk-why')}${reasoned('Revoke', () => bulk('revokeAll'), why('EndKey'), 'bulk-revoke-why', 'danger-quiet', true)}
      <button type="button" class="quiet" @click=${() => { chosen.clear(); view.update(); }}>Clear</button></div>` : nothing}`;
}
