// @ts-check
// What is done with one user: the questions before it, word for word, and the change itself.
import { html } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { inWords } from '../problems.js';
import { live } from '../quota.js';
import { go } from '../router.js';
import { current, forget, loadOrganizations, myself, needs } from '../session.js';
import { selectAssignments } from './assign.js';
import { ask, formDialog, title } from './dialog.js';
import { field, radios } from './field.js';
import { alarm, say } from './toast.js';

const id = (user) => ({ user_id: user.user_id });
const change = (user, body) => api.updateUser(id(user), { body, match: user.version });

/** "Its 2 keys are", "Your 1 key is": the number where it may be known; an empty text where there is none. */
async function keysOf(user, whose) {
  const keys = needs('ReadKey', user) ? null : await api.listKeysOf({ ...id(user), limit: 100 }).catch(() => null);
  const n = keys && live(keys.items);
  if (n === 0) return '';
  return n === 1 ? `${whose} 1 key is refused from its next request` : `${whose} ${n === null ? '' : `${n} `}keys are refused from their next request`;
}

function told(done, user, text) {
  done(user);
  say(text);
}

export async function suspendUser(user, done) {
  const machine = user.kind === 'machine';
  const keys = await keysOf(user, machine ? 'Its' : 'their');
  const text = machine ? `${keys || 'It has no keys that work'}, until you lift it.` : html`<bdi>${user.name}</bdi> can no longer sign in here${keys && `, and ${keys}`}, until you lift it.`;
  const again = async () => { user = await api.user(id(user)); done(user); };
  const result = await ask({ again, title: title('Suspend “', user.name, '”?'), text, label: 'Suspend', doing: 'Suspending…', send: () => change(user, { status: 'suspended' }) });
  if (result) told(done, result.answer, `${user.name} suspended.`);
}

export async function liftUser(user, done) {
  try {
    told(done, await change(user, { status: 'active' }), `Suspension of ${user.name} lifted.`);
  } catch (problem) {
    alarm(inWords(problem));
    if (problem.code === 'precondition_failed') done(await api.user(id(user)));
  }
}

export async function removeUser(user, done) {
  const machine = user.kind === 'machine';
  const keys = await keysOf(user, machine ? 'Its' : 'Their');
  const end = machine ? 'it disappears' : 'they lose access';
  const text = `${keys || (machine ? 'It has no keys' : 'They have no keys')}, and ${end}. This cannot be undone. To stop ${machine ? 'it' : 'them'} for a while, suspend ${machine ? 'it' : 'them'}.`;
  const other = user.status === 'suspended' ? undefined : { label: 'Suspend instead', run: () => suspendUser(user, done) };
  const result = await ask({ title: title('Delete “', user.name, '”?'), text, other, label: 'Delete user', doing: 'Deleting…', send: () => api.deleteUser(id(user)) });
  if (result) told(done, null, `${user.name} deleted.`);
}

/** Leaves the organization of this page. */
export async function leaveOrganization() {
  const name = current()?.name ?? 'this organization';
  const me = myself();
  const keys = await keysOf(me, 'Your');
  const result = await ask({ title: title('Leave ', name, '?'), text: keys ? `${keys}, and you lose access.` : 'You lose access.', label: `Leave ${name}`, doing: 'Leaving…', send: () => api.deleteUser({ user_id: 'me' }) });
  if (!result) return;
  forget();
  await loadOrganizations();
  go('/console');
  say(`You left ${name}.`);
}

export async function editUser(user, done) {
  const input = { name: user.name, email: user.email ?? '', kind: user.kind };
  const all = !needs('WriteUser');
  const machine = user.kind === 'machine';
  const result = await formDialog({
    title: title('Edit “', user.name, '”'), label: 'Save', doing: 'Saving…',
    again: async () => { user = await api.user(id(user)); done(user); },
    send: () => {
      const email = input.email.trim();
      return change(user, { ...(input.name.trim() !== user.name && { name: input.name.trim() }), ...(email !== (user.email ?? '') && { email: email || null }), ...(input.kind !== user.kind && { kind: input.kind }) });
    },
    body: (at, update) => html`
      ${field({ name: 'name', label: 'Name', value: input.name, max: 64, focus: true, error: at('name'), input: (value) => { input.name = value; } })}
      ${all ? field({ name: 'email', label: 'E-mail', type: 'email', value: input.email, max: 254, optional: machine, error: at('email'), hint: machine ? '' : 'A changed address gets no mail until somebody has signed in with it.', input: (value) => { input.email = value; } }) : ''}
      ${all && !machine ? radios({ name: 'kind', label: 'Kind', value: input.kind, error: at('kind', 'organizations'), change: (value) => { input.kind = value; update(); }, choices: [
        { value: 'normal', label: 'Normal user', hint: 'Holds what roles and groups permit.' }, { value: 'owner', label: 'Owner', hint: 'Holds every permission of the organization.' }] }) : ''}`,
  });
  if (result) told(done, result.answer, `${result.answer.name} changed.`);
}

export async function assignUser(user, done) {
  const result = await selectAssignments({
    title: title('Roles and groups of “', user.name, '”'), note: 'You can only grant what you hold yourself.', user, start: user, save: (chosen) => change(user, chosen),
    again: async () => { user = await api.user(id(user)); done(user); } });
  if (result) told(done, result.answer, `Roles and groups of ${user.name} changed.`);
}
