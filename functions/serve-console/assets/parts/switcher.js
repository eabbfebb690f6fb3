// @ts-check
// The menus of the bar: the organizations, and what the person can do.
import { html, nothing, render } from '../vendor/lit-html/lit-html.js';
import { inWords } from '../problems.js';
import { organizationOf, path } from '../router.js';
import { current, needs, signOut, state } from '../session.js';
import { icon } from './icon.js';
import { openMenu, place, popoverOf } from './menu.js';
import { alarm } from './toast.js';

/** Opens the list below its button. With ten organizations or more it can be narrowed. */
export function openSwitcher(button) {
  const popover = popoverOf(button, 'menu switcher');
  if (!popover) return;
  popover.setAttribute('role', 'group');
  popover.setAttribute('aria-label', 'Organizations');
  let wanted = '';
  const draw = () => render(content(wanted, popover, (value) => { wanted = value.toLowerCase(); draw(); }), popover);
  draw();
  popover.showPopover();
  place(popover, button);
  /** @type {HTMLElement | null} */ (popover.querySelector('input, [aria-current], a'))?.focus();
}

function content(wanted, popover, narrow) {
  const here = organizationOf(location.pathname);
  const close = () => popover.hidePopover();
  const shown = state.organizations.filter((one) => one.name.toLowerCase().includes(wanted));
  return html`${state.organizations.length < 10 ? nothing : html`<input type="search" aria-label="Find an organization" placeholder="Find" @input=${(event) => narrow(event.target.value)}>`}
    <ul>${shown.map((one) => html`<li><a href=${target(one.organization_id)} aria-current=${one.organization_id === here ? 'true' : nothing} @click=${close}><bdi>${one.name}</bdi>
      ${one.status === 'suspended' ? html`<small>Suspended</small>` : one.invited ? html`<small>Invitation</small>` : nothing}${one.organization_id === here ? icon('check') : nothing}</a></li>`)}</ul>
    ${shown.length ? nothing : html`<p class="muted">No organization has this in its name.</p>`}
    <a class="more" href="/console/new" @click=${close}>Create organization</a>`;
}

/** The same kind of page in another organization. What only this one has is left out. */
function target(id) {
  const [kind = 'me', part] = location.pathname.split('/').slice(3);
  return ['/console', id, kind, ...(kind === 'me' && part ? [part] : [])].join('/');
}

/** Opens the person's menu below its button. */
export function openPersonMenu(button) {
  const here = state.me;
  const leave = () => import('./user-actions.js').then((actions) => actions.leaveOrganization());
  const end = (everywhere) => signOut(everywhere).catch((problem) => alarm(inWords(problem)));
  openMenu(button, [
    here && { label: 'My Account', href: path('me', 'profile') },
    here && !needs('ListUsers') && { label: 'Users Management', href: path('users') },
    here && { label: 'Organization settings', href: path('settings') },
    { label: 'Create organization', href: '/console/new' },
    here && { label: `Leave ${current()?.name ?? 'this organization'}`, run: leave, rule: true },
    { label: 'Sign out', run: () => end(false), rule: true },
    { label: 'Sign out everywhere', run: () => end(true) },
  ]);
}
