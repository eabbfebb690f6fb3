// @ts-check
// My Account, Access Keys: one's own keys.
import { html } from '../vendor/lit-html/lit-html.js';
import { listKeysOf } from '../api.js';
import { full, live } from '../quota.js';
import { current, myself, state } from '../session.js';
import { empty } from '../parts/empty.js';
import { icon } from '../parts/icon.js';
import { keyColumns, keyList, reasoned } from '../parts/key-table.js';
import { accountTabs } from '../parts/menu.js';
import { table } from '../parts/table.js';

export const title = 'Your access keys';

export function open(view) {
  const keys = keyList(view, (cursor) => listKeysOf({ user_id: 'me', limit: 100, cursor }, { signal: view.signal }));
  const columns = keyColumns();
  const kind = state.me.user_kind;
  const create = () => import('../parts/create-key.js').then(({ createKeyFor }) => createKeyFor(myself(), keys));
  return () => {
    const most = current()?.policy.quota[kind];
    const off = current()?.status === 'suspended' ? 'The organization is suspended.' : '';
    const why = off || full(keys, most, kind);
    const button = reasoned(html`${icon('plus')}Create New Key`, create, why, 'create-why', 'primary');
    return html`${accountTabs()}
      <div class="page-head"><div><h1 tabindex="-1">Your access keys</h1><p class="muted">${keys.whole && most !== undefined ? `${live(keys.items)} of ${most} in use` : 'Your scripts call the API with them, as you.'}</p></div><div class="do">${button}</div></div>
      ${table({ caption: 'Your access keys', columns, list: keys, key: 'key_id', order: 'By key id', none: empty('You have no access keys. A key lets your scripts call the API as you, without signing in.', reasoned('Create your first key', create, why, 'first-why', '', true)) })}`;
  };
}
