// @ts-check
// Copying by a click. The clipboard is written, never read.
import { html } from '../vendor/lit-html/lit-html.js';
import { icon } from './icon.js';
import { say } from './toast.js';

/**
 * Copies a text. Where the browser refuses, the shown text is selected instead.
 * @param {string} text
 * @param {Element | null | undefined} shown
 * @param {(line: string) => void} report
 */
export async function copy(text, shown, what, report = say) {
  try {
    await navigator.clipboard.writeText(text);
    report(`${what} copied.`);
    return true;
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    report(shown ? 'Press Ctrl+C to copy the selected text.' : 'Copying was refused by the browser.');
    return false;
  }
}

/** A small button that copies a text which is no secret. The text stands in the element before it. */
export const copyButton = (text, what) => html`<button type="button" class="quiet icon-only" title=${`Copy ${what}`}
  @click=${(event) => copy(text, event.currentTarget.previousElementSibling, what[0].toUpperCase() + what.slice(1))}>${icon('copy')}</button>`;

/** An id or public key half with its copy button. */
export const code = (text, what, shown = text) => html`<span class="code"><code translate="no">${shown}</code>${copyButton(text, what)}</span>`;
