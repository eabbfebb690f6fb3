// @ts-check
// Fields of forms: a label, a hint, and the rule that was broken, tied together for screen readers.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { live } from '../vendor/lit-html/directives/live.js';

/**
 * @typedef {{name: string, label: any, hint?: any, error?: any, value?: string, type?: string, max?: number, rows?: number, optional?: boolean, focus?: boolean, input?: (value: string) => void, min?: string, most?: string, readonly?: boolean, list?: string}} Field
 * @param {Field} field
 */
export function field({ name, label, hint, error, value = '', type = 'text', max, rows, optional, focus, input, min, most, readonly, list }) {
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(' ') || nothing;
  const typed = (event) => input?.(event.target.value);
  const invalid = error ? 'true' : nothing;
  return html`<div class="field"><label for=${name}>${label}${optional ? html`<span class="muted"> (optional)</span>` : nothing}</label>
    ${rows ? html`<textarea id=${name} name=${name} rows=${rows} maxlength=${max ?? nothing} spellcheck="false" ?readonly=${readonly} ?data-focus=${focus} aria-invalid=${invalid} aria-describedby=${described} .value=${live(value)} @input=${typed}></textarea>`
    : html`<input id=${name} name=${name} type=${type} maxlength=${max ?? nothing} min=${min ?? nothing} max=${most ?? nothing} list=${list ?? nothing} autocomplete="off" ?readonly=${readonly} ?data-focus=${focus} aria-invalid=${invalid} aria-describedby=${described} .value=${live(value)} @input=${typed}>`}
    ${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : nothing}${error ? html`<p class="error" id="${name}-error">${error}</p>` : nothing}</div>`;
}

/**
 * Choices of which one counts.
 * @param {{name: string, label: any, value: any, choices: ({value: any, label: any, hint?: any, off?: boolean} | false)[], change: (value: any) => void, error?: any, row?: boolean, note?: any}} group
 *   note: why choices are off
 */
export const radios = ({ name, label, value, choices, change, error, row = false, note = '' }) => html`<fieldset class="field" aria-describedby=${[note && `${name}-note`, error && `${name}-error`].filter(Boolean).join(' ') || nothing}><legend>${label}</legend><div class=${row ? 'chips' : 'choices'}>
  ${choices.map((choice) => choice && html`<label class="choice"><input type="radio" name=${name} .value=${String(choice.value)} ?disabled=${choice.off} .checked=${live(value === choice.value)} @change=${() => change(choice.value)}><span>${choice.label}${choice.hint ? html`<small>${choice.hint}</small>` : nothing}</span></label>`)}</div>
  ${note ? html`<p class="hint" id="${name}-note">${note}</p>` : nothing}${error ? html`<p class="error" id="${name}-error">${error}</p>` : nothing}</fieldset>`;

/** A box that is ticked or not. */
export const check = ({ label, checked, change, hint = undefined, disabled = false }) => html`<label class="choice"><input type="checkbox" .checked=${live(checked)} ?disabled=${disabled} @change=${(event) => change(event.target.checked)}><span>${label}${hint ? html`<small>${hint}</small>` : nothing}</span></label>`;

/** Lines of a text that are not empty. */
export const lines = (text) => text.split(/[\n,]/).map((line) => line.trim()).filter(Boolean);
