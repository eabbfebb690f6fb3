// @ts-check
// Modal dialogs: forms and questions. Focus goes in, and comes back to the button that opened them.
import { html, nothing, render } from '../vendor/lit-html/lit-html.js';
import { fieldProblem } from '../problems.js';
import { problemLine } from './empty.js';
import { focusTable } from './table.js';
import { leave } from './toast.js';

/** Dialogs that a change of the page closes. One with a secret is not among them. */
const open = new Set();
let opened = 0;
addEventListener('moved', () => { for (const close of [...open]) close(); });

/**
 * Opens a dialog, and answers what it was closed with.
 * @param {(handle: {close: (result?: any) => void, update: () => void, element: HTMLDialogElement}) => () => any} body makes the function that draws
 * @param {{stays?: boolean, wide?: boolean}} options stays: closes by its own buttons alone
 * @returns {Promise<any>}
 */
export function openDialog(body, { stays = false, wide = false } = {}) {
  return new Promise((resolve) => {
    const opener = /** @type {HTMLElement | null} */ (document.activeElement);
    const element = document.createElement('dialog');
    if (wide) element.className = 'wide';
    element.setAttribute('closedby', stays ? 'none' : 'closerequest');
    let draw = () => /** @type {any} */ (nothing);
    const number = ++opened;
    const update = () => {
      if (!element.isConnected) return;
      render(draw(), element);
      // A dialog may lie on another, so ids are of this one alone.
      for (const [attribute, part] of [['aria-labelledby', 'h2'], ['aria-describedby', '[data-text]']]) {
        const at = element.querySelector(part);
        if (at) { at.id = `${attribute}-${number}`; element.setAttribute(attribute, at.id); }
      }
    };
    const close = (result) => {
      open.delete(close);
      if (!element.isConnected) return;
      // Nothing of a dialog outlives it.
      render(nothing, element);
      leave(element);
      element.close();
      element.remove();
      if (opener?.isConnected) opener.focus(); else focusTable();
      resolve(result);
    };
    element.addEventListener('cancel', (event) => { if (event.target !== element) return; event.preventDefault(); if (!stays) close(); });
    if (stays) {
      element.addEventListener('keydown', (event) => { if (event.key === 'Escape') event.preventDefault(); });
    } else {
      open.add(close);
    }
    document.body.append(element);
    draw = body({ close, update, element });
    update();
    element.showModal();
    /** @type {HTMLElement | null} */ (element.querySelector('[data-focus]') ?? element.querySelector('input, button'))?.focus();
  });
}

/** The heading of a dialog. A name in it is isolated, whatever direction it is written in. */
export const title = (text, name, after = '') => html`<h2>${text}${name === undefined ? nothing : html`<bdi>${name}</bdi>`}${after}</h2>`;

/** Somebody else was faster. What was typed stays. */
export const conflictLine = (reload) => html`<p class="problem" role="alert"><span>Somebody changed this meanwhile. Your input is kept; <button type="button" class="link" @click=${reload}>Show the current state</button></span></p>`;

/** A button that says what it does while it does it, and cannot be pressed twice. */
const doButton = ({ label, doing, busy, danger, why, run }) => html`<button type=${run ? 'button' : 'submit'} class=${danger ? 'danger' : 'primary'} aria-disabled=${busy || why ? 'true' : nothing} aria-describedby=${why ? 'why' : nothing} title=${why || nothing}
  @click=${(event) => { if (busy || why) event.preventDefault(); else run?.(); }}>${busy ? doing : label}</button>${why ? html`<small class="hidden" id="why">${why}</small>` : nothing}`;

/**
 * A dialog that sends something: once at a time, and it stays with the problem where that fails.
 * Answers `{answer}` of `send`; nothing where it was cancelled. `send` answers `undefined` to stay open.
 * @param {{title: any, body: (at: (...fields: string[]) => string, update: () => void) => any, send: () => Promise<any>, label: string, doing: string, danger?: boolean, ask?: boolean,
 *   why?: () => string, other?: {label: string, run: () => void}, again?: () => Promise<any>, wide?: boolean}} options
 *   ask: a question, whose button does not wait for Enter; again: shows the present state after somebody else's change, and answers true where the page shows it
 * @returns {Promise<{answer: any} | undefined>}
 */
export const formDialog = ({ title, body, send, label, doing, danger, ask, why, other, again, wide }) => openDialog(({ close, update, element }) => {
  let busy = false;
  let placed = false;
  /** @type {any} */ let problem = null;
  /** The rule that one of these fields breaks. What no field shows stands above the buttons. */
  const at = (...fields) => { const rule = fieldProblem(problem, ...fields); placed ||= !!rule; return rule; };
  const submit = async (event) => {
    event?.preventDefault();
    if (busy || why?.()) return;
    busy = true;
    problem = null;
    update();
    try {
      const answer = await send();
      if (answer !== undefined) return close({ answer });
    } catch (failed) {
      problem = failed;
    }
    busy = false;
    update();
    /** @type {HTMLElement | null} */ (element.querySelector('[aria-invalid=true]'))?.focus();
  };
  const reload = async () => {
    try {
      if (await again?.()) return close();
      problem = null;
    } catch (failed) { problem = failed; }
    update();
  };
  return () => {
    placed = false;
    const content = body(at, update);
    return html`<form class="dialog" novalidate @submit=${submit}>${title}<div class="body">${content}</div>
      ${!problem || placed ? nothing : problem.code === 'precondition_failed' && again
        ? conflictLine(reload) : problemLine(problem)}
      <div class="buttons"><button type="button" ?data-focus=${ask} @click=${() => close()}>Cancel</button>
      ${other ? html`<button type="button" @click=${() => { close(); other.run(); }}>${other.label}</button>` : nothing}
      ${doButton({ label, doing, busy, danger, why: why?.(), run: ask ? submit : undefined })}</div></form>`;
  };
}, { wide });

/**
 * Asks before something is done. Cancel has the focus.
 * @param {{title: any, text: any, label: string, doing: string, send: () => Promise<any>, danger?: boolean, other?: {label: string, run: () => void}, typed?: string, again?: () => Promise<any>}} question typed: a name to type
 */
export function ask({ text, typed, danger = true, ...rest }) {
  let value = '';
  return formDialog({ ...rest, danger, ask: true, why: () => (typed !== undefined && value !== typed ? 'Type the name first.' : ''),
    body: (_, update) => html`<p data-text>${text}</p>${typed === undefined ? nothing : html`<label class="field"><span>Type <b>${typed}</b> to confirm</span><input autocomplete="off" @input=${(event) => { value = event.target.value; update(); }}></label>`}` });
}

/**
 * A question without a change behind it. The first button has the focus; answers whether the second was pressed.
 * @param {any} heading
 * @param {any} text
 * @param {string[]} labels
 */
export const choose = (heading, text, [first, second], firstIsYes = false) => openDialog(({ close }) => () => html`<div class="dialog">${heading}<div class="body"><p data-text>${text}</p></div>
  <div class="buttons"><button type="button" data-focus class=${firstIsYes ? 'primary' : ''} @click=${() => close(firstIsYes)}>${first}</button><button type="button" class=${firstIsYes ? '' : 'danger'} @click=${() => close(!firstIsYes)}>${second}</button></div></div>`);
