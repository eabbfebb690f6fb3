// @ts-check
// Menus in a popover: the actions of a row, the person's menu. Arrow keys move, Esc closes.
import { html, nothing, render } from '../vendor/lit-html/lit-html.js';
import { path } from '../router.js';
import { icon } from './icon.js';

/** @typedef {{label: string, run?: () => void, href?: string, why?: string, danger?: boolean, rule?: boolean}} Item */

/** Puts a popover below its button, within the window, also when that changes. */
export function place(popover, button) {
  const again = () => popover.isConnected && put(popover, button);
  addEventListener('resize', again);
  popover.addEventListener('toggle', () => popover.isConnected || removeEventListener('resize', again));
  again();
}

function put(popover, button) {
  const at = button.getBoundingClientRect();
  const width = popover.offsetWidth;
  const left = Math.max(8, Math.min(at.right - width, document.documentElement.clientWidth - width - 8));
  const below = at.bottom + 4 + popover.offsetHeight <= innerHeight || at.top < popover.offsetHeight;
  popover.style.left = `${left + scrollX}px`;
  popover.style.top = `${(below ? at.bottom + 4 : at.top - 4 - popover.offsetHeight) + scrollY}px`;
}

/**
 * Makes a popover of a button: below it, and closed by it, by Esc and by a click elsewhere. Nothing where it is open already.
 * @param {HTMLElement} button
 * @param {string} className
 */
export function popoverOf(button, className) {
  const source = /** @type {HTMLButtonElement} */ (button);
  // The browser closes it with this click.
  if (source.popoverTargetElement) return null;
  const popover = document.createElement('div');
  popover.className = className;
  popover.popover = 'auto';
  button.after(popover);
  popover.addEventListener('toggle', (event) => {
    const open = /** @type {ToggleEvent} */ (event).newState === 'open';
    button.setAttribute('aria-expanded', String(open));
    if (open) source.popoverTargetElement = popover; else popover.remove();
  });
  // At once: the next key may come before the event above.
  popover.addEventListener('beforetoggle', (event) => { if (/** @type {ToggleEvent} */ (event).newState === 'closed') source.popoverTargetElement = null; });
  return popover;
}

/**
 * Opens a menu below a button. What is not allowed is shown with its reason.
 * @param {HTMLElement} button
 * @param {(Item | false | '' | undefined)[]} items
 */
export function openMenu(button, items) {
  const menu = popoverOf(button, 'menu');
  if (!menu) return;
  render(html`<ul role="menu" aria-label=${button.getAttribute('aria-label') ?? button.innerText.replace(/\s+/g, ' ').trim()}>${items.filter(Boolean).map((item, i, all) => entry(menu, item, i, all))}</ul>`, menu);
  menu.addEventListener('keydown', move);
  menu.showPopover();
  place(menu, button);
  /** @type {HTMLElement | null} */ (menu.querySelector('[role=menuitem]'))?.focus();
}

function entry(menu, /** @type {any} */ { label, run, href, why, danger, rule }, i, all) {
  // A reason of several entries is written once, below the last of them.
  let last = i;
  while (why && all[last + 1]?.why === why) last++;
  const reason = why && last === i ? html`<small id="menu-reason-${i}">${why}</small>` : nothing;
  const role = danger ? 'danger' : '';
  const choose = () => {
    if (why) return;
    menu.hidePopover();
    run?.();
  };
  return html`${rule ? html`<li role="separator"></li>` : nothing}<li role="none">${href
    ? html`<a role="menuitem" tabindex="-1" href=${href} @click=${() => menu.hidePopover()}>${label}</a>`
    : html`<button type="button" role="menuitem" tabindex="-1" class=${role} aria-disabled=${why ? 'true' : nothing} aria-describedby=${why ? `menu-reason-${last}` : nothing} @click=${choose}>${label}</button>`}${reason}</li>`;
}

function move(event) {
  const items = [...event.currentTarget.querySelectorAll('[role=menuitem]')];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === 'Tab') return event.currentTarget.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items.at(to % items.length).focus();
}

/** Opens the menu of a button by an arrow key too. */
export function opens(event) {
  if (event.key !== 'ArrowDown') return;
  event.preventDefault();
  event.currentTarget.click();
}

/** The button of a row's menu. The items are made when it is opened. */
export const menuButton = (label, items) => html`<button type="button" class="quiet icon-only" aria-label=${label} aria-haspopup="menu" aria-expanded="false"
  @keydown=${opens} @click=${(event) => openMenu(event.currentTarget, items())}>${icon('dots')}</button>`;

/** Beside the details of a key, the tab with the keys is shown. */
const here = (path) => location.pathname === path || (/\/access-keys$/.test(path) && /^\/console\/\w+\/access-keys\/\w+$/.test(location.pathname));

/**
 * Tabs that are links: each has a page of its own.
 * @param {string} label
 * @param {([string, string] | false)[]} tabs label and path
 */
export const tabs = (label, tabs) => html`<nav class="tabs inner" aria-label=${label}><ul>${tabs.map((tab) => tab && html`<li><a href=${tab[1]} aria-current=${here(tab[1]) ? 'page' : nothing}>${tab[0]}</a></li>`)}</ul></nav>`;

/** The tabs of one's own account. */
export const accountTabs = () => tabs('My Account', [['Profile', path('me', 'profile')], ['Access Keys', path('me', 'access-keys')], ['Access', path('me', 'access')], ['Notifications', path('me', 'notifications')], ['Inbox', path('me', 'inbox')]]);
