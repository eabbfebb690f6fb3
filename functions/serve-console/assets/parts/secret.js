// @ts-check
// The dialog that shows secrets once. They live in this closure alone, from the answer to the end of the dialog.
import { html, nothing, render } from '../vendor/lit-html/lit-html.js';
import { copy } from './copy.js';
import { choose, openDialog, title } from './dialog.js';
import { icon } from './icon.js';

/** Takes the secret out of an answer, so that the rest of the page never has it. */
export function takeSecret(key) {
  const { secret } = key;
  delete key.secret;
  return secret ? { name: key.name, keyId: key.key_id, organization: key.organization_id, secret } : null;
}

/**
 * Shows secrets until the reader closes the dialog. Nothing else closes it.
 * @param {{name: string, keyId: string, organization: string, secret: any}[]} cards
 * @param {string} done what was done, as it is spoken
 */
export function showSecrets(cards, done) {
  let line = done;
  /** The keys whose secrets the reader has, by their numbers. */
  const saved = new Set();
  const safe = () => saved.size >= cards.length;
  const shown = new Set();
  return openDialog(({ close, update, element }) => {
    const ask = (event) => { if (!safe()) event.preventDefault(); };
    const end = () => {
      removeEventListener('beforeunload', ask);
      removeEventListener('pagehide', wipe);
      cards.length = 0;
      shown.clear();
      close();
    };
    const wipe = () => { render(nothing, element); end(); };
    addEventListener('beforeunload', ask);
    addEventListener('pagehide', wipe);
    const report = (text) => { line = text; update(); };
    // Whoever copied the public half alone has nothing yet.
    const save = (id) => { if (/^(token|secret)/.test(id)) saved.add(id.split('-')[1]); };
    const take = async (text, id, what) => {
      if (!await copy(text, null, what, report)) {
        shown.add(id);
        line = 'Press Ctrl+C to copy the selected text.';
        update();
        const place = element.querySelector(`[data-id="${id}"]`);
        if (place) getSelection()?.selectAllChildren(place);
      }
      save(id);
    };
    const toggle = (id) => { if (!shown.delete(id)) shown.add(id); save(id); update(); };
    const finish = async () => {
      if (safe() || await confirmClose(cards.length)) return end();
      /** @type {HTMLElement | null} */ (element.querySelector('[data-focus]'))?.focus();
    };
    return () => html`<div class="dialog secret">${cards.length === 1 ? title('Save the secret of “', cards[0].name, '” now') : title(`Save the secrets of ${cards.length} keys now`)}
      <div class="body"><p class="warning" data-text>${icon('warn')}<span>${cards.length === 1 ? 'This is the only time it is shown. It is stored nowhere, so nobody can show it to you again. If you lose it, generate a new one.' : 'This is the only time they are shown. They are stored nowhere, so nobody can show them to you again. If you lose one, generate a new one.'}</span></p>
      ${cards.map((card, i) => cardOf(card, i, cards.length > 1, { shown, take, toggle }))}${cards.length ? usage(take) : nothing}</div>
      <p class="spoken" role="status">${line}</p>
      <div class="buttons"><button type="button" @click=${finish}>Done</button></div></div>`;
  }, { stays: true, wide: true });
}

const dots = '•'.repeat(16);

function cardOf({ name, organization, secret }, i, several, { shown, take, toggle }) {
  const row = (id, label, text, hidden, primary = false) => {
    const open = !hidden || shown.has(id);
    const what = `${label.toLowerCase()}${several ? ` of ${name}` : ''}`;
    return html`<div class="row"><span class="label" id="label-${id}">${label}</span><code translate="no" spellcheck="false" data-id=${id} aria-labelledby="label-${id}" role="group">${open ? text : hidden}</code><span class="row-buttons">
      ${hidden ? html`<button type="button" class="quiet" aria-pressed=${open ? 'true' : 'false'} aria-label=${`Show ${what}`} @click=${() => toggle(id)}>${open ? 'Hide' : 'Show'}</button>` : nothing}
      <button type="button" class=${primary ? 'primary' : ''} ?data-focus=${primary && i === 0} aria-label=${`Copy ${what}`} @click=${() => take(text, id, label)}>${primary ? 'Copy token' : 'Copy'}</button></span></div>`;
  };
  return html`<section class="secret-card" aria-label=${several ? name : 'Secret'}>${several ? html`<h3><bdi>${name}</bdi></h3>` : nothing}
    ${row(`token-${i}`, 'Token', secret.token, `${secret.access_key}_${dots}`, true)}
    <details open><summary>As a pair</summary>
      ${row(`access-${i}`, 'Access key', secret.access_key, '')}
      ${row(`secret-${i}`, 'Secret key', secret.secret_key, dots)}
      ${row(`tenant-${i}`, 'Tenant id', organization, '')}
      <p><button type="button" @click=${() => take(secret.copy, `secret-${i}`, 'Key details')}>Copy all: key:…::…,tenant id: …${several ? html`<span class="hidden"> of ${name}</span>` : nothing}</button></p></details></section>`;
}

/** The same for every key, and without a secret. */
function usage(take) {
  const curl = `curl ${location.origin}/v1/whoami -H "x-access-key: $ACCESS_KEY"`;
  return html`<details><summary>How to use it</summary><div class="row"><span class="label" id="label-curl">In a shell</span><code translate="no" spellcheck="false" data-id="curl" aria-labelledby="label-curl" role="group">${curl}</code><span class="row-buttons">
    <button type="button" aria-label="Copy in a shell" @click=${() => take(curl, 'curl', 'In a shell')}>Copy</button></span></div><p class="hint">Put the token into the variable ACCESS_KEY of your job. The line itself holds no secret.</p></details>`;
}

const confirmClose = (count) => choose(title('Close without copying?'), count === 1 ? 'You have not copied this secret, and it cannot be shown again.' : 'You have not copied every secret, and none can be shown again.', ['Go back', 'Close anyway']);

/** The answer with the secret was lost on the way: only a new one helps. Answers whether the reader wants it. */
export const secretLost = (done = 'The key was created, but its secret was lost on the way.') => choose(title(done),
  'The first answer did not arrive, and the secret is stored nowhere. Generate a new one; the key keeps its id and expiry.', ['Generate new secret', 'Close'], true);
