// @ts-check
// The frame around every page: the bar with its menus and the bell, the pages, what holds for all of them.
import { html, nothing, render } from '../vendor/lit-html/lit-html.js';
import { inbox } from '../api.js';
import { home, path, signInUrl } from '../router.js';
import { current, needs, state } from '../session.js';
import { when } from '../time.js';
import { failure } from './empty.js';
import { icon } from './icon.js';
import { opens, place, popoverOf } from './menu.js';

const NAV = /** @type {[string, string, string, any][]} */ ([
  ['me', 'My keys', 'me/access-keys', null],
  ['access-keys', 'Keys', 'access-keys', 'ListKeys'],
  ['users', 'Users', 'users', 'ListUsers'],
  ['roles', 'Roles', 'roles', 'ReadRoles'],
  ['groups', 'Groups', 'groups', 'ReadRoles'],
  ['policy', 'Policy', 'policy', 'ReadOrganization'],
  ['audit', 'Audit', 'audit', 'ReadAudit'],
]);

const person = () => ({ user_id: state.me.user_id, kind: state.me.user_kind });
const entries = () => (state.me ? NAV.filter(([, , , action]) => !action || !needs(action, action === 'ReadOrganization' ? person() : undefined)) : []);

const links = (section) => html`<ul>${entries().map(([id, label, to]) => html`<li><a href="${path()}/${to}" aria-current=${section === id ? 'page' : nothing}>${label}</a></li>`)}</ul>`;

/** Draws the frame with a page in it, which belongs to one entry of the bar. */
export function frame(content, section) {
  const organization = current();
  return html`<a class="skip" href="#content" @click=${(event) => { event.preventDefault(); document.getElementById('content')?.focus(); }}>Skip to content</a>
    <header><div class="bar"><a class="brand" href=${home()}>${icon('key')}<span>Access keys</span></a>
      ${state.signedIn && state.organizations.length ? html`<button type="button" class="quiet organization" aria-expanded="false" @click=${open('openSwitcher')}><span class="hidden">Organization: </span><bdi>${organization?.name ?? 'Choose an organization'}</bdi>${icon('down')}</button>` : nothing}
      <span class="space"></span>
      ${state.signedIn ? html`${state.me ? bell() : nothing}<button type="button" class="quiet person" aria-haspopup="menu" aria-expanded="false" @keydown=${opens} @click=${open('openPersonMenu')}>${icon('person')}<span class="hidden">Menu of </span><bdi>${state.name}</bdi>${icon('down')}</button>` : nothing}</div>
      ${entries().length ? html`<nav aria-label="Main"><div class="tabs wide">${links(section)}</div><details class="narrow"><summary>${entries().find(([id]) => id === section)?.[1] ?? 'Pages'}${icon('down')}</summary>${links(section)}</details></nav>` : nothing}</header>
    ${state.over ? html`<div class="bar-note" role="alert">${icon('warn')}<span>You are signed out.</span><a class="button" href=${signInUrl()}>Sign in again</a></div>` : nothing}
    ${state.other ? html`<div class="bar-note" role="alert">${icon('warn')}<span><bdi>${state.other}</bdi> is signed in in this browser now.</span><button type="button" @click=${() => location.reload()}>Load this page anew</button></div>` : nothing}
    ${organization?.status === 'suspended' ? html`<div class="bar-note" role="status">${icon('warn')}<span><bdi>${organization.name}</bdi> is suspended: nobody's keys work.</span>${organization.user_kind === 'owner' ? html`<a class="button" href=${path('settings')}>Lift suspension</a>` : nothing}</div>` : nothing}
    <main id="content" tabindex="-1">${content}</main>`;
}

/** Opens a menu of the bar, which is loaded with the first one. */
const open = (name) => async (event) => {
  const button = event.currentTarget;
  // The browser closes it with this click.
  if (button.popoverTargetElement) return;
  (await import('./switcher.js'))[name](button);
};

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
  const load = async () => {
    const page = await inbox({ user_id: 'me', limit: 5 });
    unread = page.unread;
    redraw();
    draw(page.items.length ? html`<ul>${page.items.map((one) => html`<li class=${one.state}><b>${one.state === 'unread' ? html`<span class="hidden">Unread: </span>` : nothing}${one.title}</b><span class="muted">${when(one.at)}</span></li>`)}</ul>` : html`<p class="muted">No messages.</p>`);
  };
  const again = () => {
    draw(html`<p class="muted" aria-busy="true">Loading…</p>`);
    // The button that asked again goes with the problem.
    /** @type {HTMLElement} */ (popover.querySelector('.more')).focus();
    load().catch((problem) => draw(failure(problem, again)));
  };
  again();
}
