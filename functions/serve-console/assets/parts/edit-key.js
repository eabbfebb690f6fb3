// @ts-check
// Changes of a key's networks, and of its roles and groups.
import * as api from '../api.js';
import { selectAssignments } from './assign.js';
import { networksField } from './create-key.js';
import { formDialog, title } from './dialog.js';
import { lines } from './field.js';
import { say } from './toast.js';

export async function changeNetworks(key, done) {
  let text = (key.allowed_cidrs ?? []).join('\n');
  const result = await formDialog({
    title: title('Networks of “', key.name, '”'), label: 'Save', doing: 'Saving…',
    again: async () => { key = await api.key({ key_id: key.key_id }); done(key); },
    send: () => { const networks = lines(text); return api.updateKey({ key_id: key.key_id }, { match: key.version, body: { allowed_cidrs: networks.length ? networks : null } }); },
    body: (at, update) => networksField(text, (value) => { text = value; update(); }, at('allowed_cidrs')),
  });
  if (result) { done(result.answer); say(`Networks of ${result.answer.name} changed.`); }
}

export async function assignKey(key, done) {
  const result = await selectAssignments({
    title: title('Roles and groups of “', key.name, '”'),
    note: 'The key may do what its user may, narrowed to what you choose here. With nothing chosen it may do nothing. Once narrowed, a key stays narrowed.',
    user: { user_id: key.user_id }, start: { roles: key.roles ?? [], groups: key.groups ?? [] },
    narrows: true, save: (chosen) => api.updateKey({ key_id: key.key_id }, { match: key.version, body: chosen }),
    again: async () => { key = await api.key({ key_id: key.key_id }); done(key); },
  });
  if (result) { done(result.answer); say(`Roles and groups of ${key.name} changed.`); }
}
