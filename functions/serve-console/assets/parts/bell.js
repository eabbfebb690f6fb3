// @ts-check
// The bell: how many messages are unread, and the newest five.
import { html, nothing, render } from '../vendor/lit-html/lit-html.js';
import { inbox } from '../api.js';
import { path } from '../router.js';
import { state } from '../session.js';
import { when } from '../time.js';
import { failure } from './empty.js';
import { icon } from './icon.js';
import { place, popoverOf } from './menu.js';

let unread = 0;
let asking = false;
let redraw = () => {};

/** Asks for the number of unread messages. Nothing waits for it, and its failure shows nowhere. */
export async function count() {
  if (asking || !state.me || state.over) return;
  asking = true;
  try {
    ({ unread } = await inbox({ user_id: 'me', state: 'unread', limit: 1 }));
    redraw();
  } catch { /* The next minute asks again. */ }
  asking = false;
}

/** Counts on load, when the window gets the focus, and each minute while it is visible. */
export function startBell(update) {
  redraw = update;
  setInterval(() => { if (document.visibilityState === 'visible') count(); }, 60000);
  addEventListener('focus', count);
  addEventListener('inbox-changed', count);
}

export const bell = () => html`<button type="button" class="quiet icon-only bell" aria-label=${unread ? `Inbox, ${unread} unread` : 'Inbox'} aria-expanded="false" @click=${show}>
  ${icon('bell')}${unread ? html`<span class="badge" aria-hidden="true">${unread > 99 ? '99+' : unread}</span>` : nothing}</button>`;

async function show(event) {
  const button = event.currentTarget;
  const popover = popoverOf(button, 'menu messages');
  if (!popover) return;
  popover.setAttribute('role', 'group');
  popover.setAttribute('aria-label', 'Newest messages');
  const draw = (body) => { render(html`${body}<a class="more" href=${path('me', 'inbox')} @click=${() => popover.hidePopover()}>Open inbox</a>`, popover); place(popover, button); };
  popover.showPopover();
  draw(html`<p class="muted" aria-busy="true">Loading…</p>`);
  /** @type {HTMLElement} */ (popover.querySelector('.more')).focus();
  try {
    const page = await inbox({ user_id: 'me', limit: 5 });
    unread = page.unread;
    redraw();
    draw(page.items.length ? html`<ul>${page.items.map((one) => html`<li class=${one.state}><b>${one.state === 'unread' ? html`<span class="hidden">Unread: </span>` : nothing}${one.title}</b><span class="muted">${when(one.at)}</span></li>`)}</ul>` : html`<p class="muted">No messages.</p>`);
  } catch (problem) {
    draw(failure(problem));
  }
}
