// @ts-check
// Filters of a list: chips, a search box, days. They stand in the query, so that a link keeps them.
import { html } from '../vendor/lit-html/lit-html.js';
import { setQuery } from '../router.js';
import { icon } from './icon.js';

// `/` leads to the search box.
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || /INPUT|TEXTAREA|SELECT/.test(document.activeElement?.tagName ?? '')) return;
  const box = /** @type {HTMLElement | null} */ (document.querySelector('main input[type=search]'));
  if (box && !document.querySelector('dialog[open]')) { event.preventDefault(); box.focus(); }
});

/**
 * Filters that live in the query. Other names in it are nothing. `changed` reads the list anew.
 * @param {URLSearchParams} query
 * @param {string} names
 * @param {() => void} changed
 */
export function filters(query, names, changed) {
  /** @type {Record<string, string>} */
  const values = Object.fromEntries(names.split(' ').map((name) => [name, query.get(name) ?? '']));
  let waiting;
  const set = (changes) => { Object.assign(values, changes); setQuery(changes); changed(); };
  return {
    values, set,
    /** One of several. The first is what counts without a choice. */
    chips: (label, name, choices) => html`<div class="group" role="group" aria-label=${label}>${choices.map(([value, text], i) => html`<button type="button"
      aria-pressed=${(values[name] ?? '') === value || (!i && !values[name]) ? 'true' : 'false'} @click=${() => set({ [name]: i ? value : '' })}>${text}</button>`)}</div>`,
    /** One that is on or off. */
    toggle: (name, text, value) => html`<button type="button" aria-pressed=${values[name] ? 'true' : 'false'} @click=${() => set({ [name]: values[name] ? '' : value() })}>${text}</button>`,
    find: (label) => html`<label class="find">${icon('search')}<span class="hidden">${label}</span><input type="search" placeholder=${label} maxlength="200" autocomplete="off" spellcheck="false" .value=${values.q ?? ''}
      @input=${(event) => {
        const text = publicHalf(event.target.value);
        if (text !== event.target.value) event.target.value = text;
        clearTimeout(waiting);
        waiting = setTimeout(() => set({ q: text.trim().slice(0, 100) }), 300);
      }}></label>`,
    any: () => Object.values(values).some(Boolean),
    clear: () => html`<button type="button" @click=${() => {
      set(Object.fromEntries(Object.keys(values).map((name) => [name, ''])));
      // The button goes with the empty list.
      /** @type {HTMLElement | null} */ (document.querySelector('main h1'))?.focus();
    }}>Show all</button>`,
  };
}

/** Cuts a pasted key to its public half before anything else sees it. */
export function publicHalf(text) {
  if (/^\s*[0-9A-Za-z]{49}\s*$/.test(text)) return '';
  return /[a-z][a-z0-9]{1,9}_[0-9A-Za-z]{20}/.exec(text)?.[0] ?? text;
}
