// @ts-check
// Which messages one gets, and how. A switch is saved at once.
import { html } from '../vendor/lit-html/lit-html.js';
import { live } from '../vendor/lit-html/directives/live.js';
import * as api from '../api.js';
import { inWords } from '../problems.js';
import { failure, skeleton, waiting } from '../parts/empty.js';
import { accountTabs } from '../parts/menu.js';
import { alarm, say } from '../parts/toast.js';

export const title = 'Notifications';

const KINDS = [['key_expiring', 'A key expires soon'], ['key_expired', 'A key has expired'], ['key_changed', 'Somebody else changed your key'], ['access_changed', 'Somebody changed your roles or groups']];

export function open(view) {
  let user;
  let problem;
  const load = async () => {
    problem = null;
    try { user = await api.user({ user_id: 'me' }, { signal: view.signal }); } catch (failed) { problem = failed; }
    view.update();
  };
  const set = async (kind, channel, on) => {
    try {
      user = await api.updateUser({ user_id: 'me' }, { body: { notifications: { [kind]: { [channel]: on } } } });
      say('Saved.');
    } catch (failed) {
      alarm(inWords(failed));
    }
    view.update();
  };
  const box = (kind, label, channel, name) => html`<td><input type="checkbox" role="switch" aria-label=${`${label}: ${name}`} .checked=${live(user.notifications[kind][channel])} @change=${(event) => set(kind, channel, event.target.checked)}></td>`;
  load();
  return () => html`${accountTabs()}<div class="page-head"><div><h1 tabindex="-1">Notifications</h1><p class="muted">Notices that your organization sends to owners, leak reports and the use of retired secrets cannot be switched off.</p></div></div>
    ${problem ? failure(problem, load) : !user ? view.slow ? skeleton(4) : waiting : html`<div class="card"><table><caption class="hidden">Notifications</caption><thead><tr><th scope="col">Message</th><th scope="col">E-mail</th><th scope="col">Inbox</th></tr></thead>
    <tbody>${KINDS.map(([kind, label]) => html`<tr><th scope="row">${label}</th>${box(kind, label, 'email', 'e-mail')}${box(kind, label, 'inbox', 'inbox')}</tr>`)}</tbody></table></div>`}`;
}
