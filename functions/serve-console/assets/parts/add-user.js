// @ts-check
// Add user: a person who is invited, or a machine with its first keys.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { current, needs } from '../session.js';
import { expiryChoices } from '../quota.js';
import { restriction } from './assign.js';
import { formDialog, title } from './dialog.js';
import { field, radios } from './field.js';
import { showSecrets, takeSecret } from './secret.js';
import { alarm, say } from './toast.js';

/** @param {(user: any) => void} done */
export async function addUser(done) {
  const { lifetime, quota } = current().policy;
  const { days, preset } = expiryChoices({ lifetime });
  const most = Math.min(quota.machine, 20);
  const once = crypto.randomUUID();
  const input = { kind: 'machine', name: '', email: '' };
  /** @type {{name: string, days: string}[]} */ const keys = [];
  /** @type {any} */ let boxes;
  const result = await formDialog({
    title: title('Add user'), label: 'Add user', doing: 'Adding…', wide: true,
    send: () => api.createUser({}, { once, body: {
      kind: input.kind, name: input.name.trim(), ...(input.email.trim() && { email: input.email.trim() }), ...boxes?.chosen(),
      ...(input.kind === 'machine' && keys.length && { access_keys: keys.map((key) => ({ name: key.name.trim(), expires_in_days: Number(key.days) })) }) } }),
    body: (at, update) => html`
      ${radios({ name: 'kind', label: 'Kind', value: input.kind, change: (value) => { input.kind = value; update(); }, error: at('kind'), choices: [
        { value: 'machine', label: 'Machine', hint: 'A job or service. It never signs in; it uses access keys alone.' },
        { value: 'normal', label: 'Normal user', hint: 'A person with roles and groups, who keeps their own keys.' },
        !needs('MakeOwner') && { value: 'owner', label: 'Owner', hint: 'A person who holds every permission of the organization.' }] })}
      ${field({ name: 'name', label: 'Name', value: input.name, max: 64, error: at('name'), input: (value) => { input.name = value; } })}
      ${field({ name: 'email', label: 'E-mail', type: 'email', value: input.email, max: 254, optional: input.kind === 'machine', error: at('email'),
        hint: input.kind === 'machine' ? 'Where notices about its keys go, if its domain is allowed.' : 'They join by signing in with this address.', input: (value) => { input.email = value; } })}
      <details @toggle=${(event) => { if (event.target.open && !boxes) { boxes = restriction({ user_id: 'me' }, update); boxes.load(); } }}><summary>Roles and groups</summary>${boxes?.draw(at('roles', 'groups')) ?? nothing}</details>
      ${input.kind === 'machine' && !needs('CreateKey') ? html`<fieldset class="field"><legend>Create keys now</legend>
        ${keys.map((key, i) => html`<div class="key-row">${field({ name: `key-${i}`, label: 'Access Key Name', value: key.name, max: 64, error: at(`access_keys[${i}].name`, `access_keys.${i}.name`), input: (value) => { key.name = value; } })}
          ${field({ name: `days-${i}`, label: 'Expiry days', type: 'number', value: key.days, min: '1', most: String(Math.floor(lifetime.max_seconds / 86400)), error: at(`access_keys[${i}].expires_in_days`, `access_keys.${i}.expires_in_days`), input: (value) => { key.days = value; } })}
          <button type="button" class="quiet" aria-label=${`Remove key ${i + 1}`} @click=${() => { keys.splice(i, 1); update(); }}>Remove</button></div>`)}
        <div class="do"><button type="button" aria-disabled=${keys.length >= most ? 'true' : nothing} aria-describedby="keys-hint" @click=${() => { if (keys.length < most) { keys.push({ name: '', days: String(preset ?? days.at(-1) ?? 1) }); update(); document.getElementById(`key-${keys.length - 1}`)?.focus(); } }}>Add a key</button>
        <p class="hint" id="keys-hint">${most ? `Up to ${most}. Their secrets are shown once, together.` : 'Your policy allows machines no keys.'}</p></div>${!keys.some((_, i) => at(`access_keys[${i}]`, `access_keys.${i}`)) && at('access_keys') ? html`<p class="error">${at('access_keys')}</p>` : nothing}</fieldset>` : nothing}`,
  });
  if (!result) return;
  const user = result.answer;
  const made = user.access_keys ?? [];
  delete user.access_keys;
  const cards = made.map(takeSecret).filter(Boolean);
  done(user);
  if (cards.length) await showSecrets(cards, `${user.name} added. Copy the ${cards.length === 1 ? 'secret of its key' : 'secrets of its keys'} now.`);
  if (user.replayed && keys.length && !cards.length) return alarm(`${user.name} was added, but the secrets of its keys were lost on the way. Generate new ones on its Access Keys tab.`);
  say(`${user.name} added.`);
}
