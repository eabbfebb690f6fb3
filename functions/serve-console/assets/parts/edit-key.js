// @ts-check
// Changes of a key's name, description and networks, and of its roles and groups.
import { html } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { selectAssignments } from './assign.js';
import { networksField } from './create-key.js';
import { formDialog, title } from './dialog.js';
import { field, lines } from './field.js';
import { say } from './toast.js';

export async function editKey(key, done) {
  const input = { name: key.name, description: key.description ?? '', networks: (key.allowed_cidrs ?? []).join('\n') };
  const type = (name) => (value) => { input[name] = value; };
  const result = await formDialog({
    title: title('Edit “', key.name, '”'), label: 'Save', doing: 'Saving…',
    again: async () => { key = await api.key({ key_id: key.key_id }); done(key); },
    send: () => {
      const networks = lines(input.networks);
      const description = input.description.trim();
      return api.updateKey({ key_id: key.key_id }, { match: key.version, body: {
        ...(input.name.trim() !== key.name && { name: input.name.trim() }),
        ...(description !== (key.description ?? '') && { description: description || null }),
        ...(networks.join() !== (key.allowed_cidrs ?? []).join() && { allowed_cidrs: networks.length ? networks : null }) } });
    },
    body: (at, update) => html`
      ${field({ name: 'name', label: 'Access Key Name', value: input.name, max: 64, focus: true, error: at('name'), input: type('name') })}
      ${field({ name: 'description', label: 'Description', value: input.description, max: 500, rows: 2, optional: true, error: at('description'), input: type('description') })}
      ${networksField(input.networks, (value) => { input.networks = value; update(); }, at('allowed_cidrs'))}`,
  });
  if (result) { done(result.answer); say(`Key ${result.answer.name} changed.`); }
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
