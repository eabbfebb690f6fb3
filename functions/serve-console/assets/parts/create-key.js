// @ts-check
// Create New Key: the form, and the secret after it.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { current, keep, myself } from '../session.js';
import { restriction } from './assign.js';
import { choose, formDialog, title } from './dialog.js';
import { chosen, expiryBody, expiryField, newExpiry } from './expiry.js';
import { field, lines, radios } from './field.js';
import { rotateNow } from './key-actions.js';
import { secretLost, showSecrets, takeSecret } from './secret.js';
import { say } from './toast.js';

/**
 * Creates a key of a user. The list behind shows it before the secret is shown.
 * @param {{user_id: string, kind: string, name: string}} user
 * @param {{put: (key: any, id: string) => void}} keys
 */
export async function createKeyFor(user, keys) {
  // The limits may have changed since the page was opened.
  keep(await api.organization().catch(() => ({})));
  const key = (await form(user))?.answer;
  if (!key) return;
  const card = takeSecret(key);
  keys.put(key, 'key_id');
  if (card) {
    await showSecrets([card], `Key ${key.name} created. Copy its secret now.`);
    say(`Key ${key.name} created.`);
  } else if (await secretLost()) {
    await rotateNow(key, (changed) => keys.put(changed, 'key_id'));
  }
}

function form(user) {
  const mine = user.user_id === myself().user_id;
  const expiry = newExpiry(current().policy);
  const once = crypto.randomUUID();
  const input = { name: '', description: '', networks: '', narrow: false };
  let limits;
  const type = (name) => (value) => { input[name] = value; };
  const send = async () => {
    if (expiry.choice === 'never' && !await confirmNever()) return undefined;
    const networks = lines(input.networks);
    const description = input.description.trim();
    return api.createKey({ user_id: user.user_id }, { once, body: {
      name: input.name.trim(), ...expiryBody(expiry), ...(description && { description }),
      ...(networks.length && { allowed_cidrs: networks }), ...(input.narrow && limits.chosen()) } });
  };
  return formDialog({
    title: mine ? title('Create New Key') : title('Create New Key for “', user.name, '”'), label: 'Create key', doing: 'Creating…', wide: true, send,
    why: () => (chosen(expiry) ? '' : 'Choose a date first.'),
    body: (at, update) => html`
      ${field({ name: 'name', label: 'Access Key Name', value: input.name, max: 64, focus: true, error: at('name'), hint: 'A label to recognize it by, for example deploy.', input: type('name') })}
      ${field({ name: 'description', label: 'Description', value: input.description, max: 500, rows: 2, optional: true, error: at('description'), input: type('description') })}
      ${expiryField(expiry, update, { mine, error: at('expires_in_days', 'expires_at', 'never_expires') })}
      <details><summary>Restrict what this key may do</summary>
        ${radios({ name: 'narrow', label: 'Permissions', value: input.narrow, change: (value) => { input.narrow = value; limits ??= restriction(user, update, undefined, true); limits.load(); update(); }, choices: [
          { value: false, label: mine ? 'Everything you may do' : 'Everything its user may do' }, { value: true, label: 'Only these roles and groups' }] })}
        ${input.narrow ? limits.draw(at('roles', 'groups')) : nothing}
        ${networksField(input.networks, (value) => { input.networks = value; update(); }, at('allowed_cidrs'))}</details>`,
  });
}

/** Networks, checked as they are typed. */
export function networksField(value, input, error) {
  const bad = lines(value).find((line) => !/^[0-9a-fA-F:.]+(\/\d{1,3})?$/.test(line));
  return field({ name: 'networks', label: 'Allowed networks', rows: 2, optional: true, value, input, hint: 'One address or network in a line, for example 192.0.2.0/24. None: from everywhere.', error: error || (bad && `${bad} is neither an address nor a network.`) });
}

const confirmNever = () => choose(title('Create a key that never expires?'), 'A key that leaks unnoticed then works until somebody notices.', ['Choose an expiry', 'Create anyway']);
