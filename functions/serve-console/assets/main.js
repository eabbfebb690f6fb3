// @ts-check
// Start: session, organization, page. The frame around every page, and the one place for errors that nobody expected.
import { html, nothing, render } from './vendor/lit-html/lit-html.js';
import { session } from './api.js';
import { inWords } from './problems.js';
import { followLinks, go, match, organizationOf, path, signInUrl } from './router.js';
import { current, enter, needs, signOut, start, state } from './session.js';
import { now } from './time.js';
import { failure, skeleton } from './parts/empty.js';
import { bell, count, startBell } from './parts/bell.js';
import { icon } from './parts/icon.js';
import { openMenu, opens } from './parts/menu.js';
import { alarm } from './parts/toast.js';

const app = /** @type {HTMLElement} */ (document.getElementById('app'));
/** Pages that need nobody to be signed in. */
const OPEN = new Set(['signed-out']);
/** @type {{controller: AbortController, draw: () => any, title: string, section?: string} | null} */
let page = null;

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

const links = () => html`<ul>${entries().map(([id, label, to]) => html`<li><a href="${path()}/${to}" aria-current=${page?.section === id ? 'page' : nothing}>${label}</a></li>`)}</ul>`;

function frame(content) {
  const organization = current();
  return html`<a class="skip" href="#content" @click=${(event) => { event.preventDefault(); document.getElementById('content')?.focus(); }}>Skip to content</a>
    <header><div class="bar"><a class="brand" href=${organizationOf(location.pathname) ? path('me', 'access-keys') : '/console'}>${icon('key')}<span>Access keys</span></a>
      ${state.signedIn && state.organizations.length ? html`<button type="button" class="quiet organization" aria-expanded="false" @click=${switchOrganization}><span class="hidden">Organization: </span><bdi>${organization?.name ?? 'Choose an organization'}</bdi>${icon('down')}</button>` : nothing}
      <span class="space"></span>
      ${state.signedIn ? html`${state.me ? bell() : nothing}<button type="button" class="quiet person" aria-haspopup="menu" aria-expanded="false" @keydown=${opens} @click=${personMenu}>${icon('person')}<span class="hidden">Menu of </span><bdi>${state.name}</bdi>${icon('down')}</button>` : nothing}</div>
      ${entries().length ? html`<nav aria-label="Main"><div class="tabs wide">${links()}</div><details class="narrow"><summary>${entries().find(([id]) => id === page?.section)?.[1] ?? 'Pages'}${icon('down')}</summary>${links()}</details></nav>` : nothing}</header>
    ${state.over ? html`<div class="bar-note" role="alert">${icon('warn')}<span>You are signed out.</span><a class="button" href=${signInUrl()}>Sign in again</a></div>` : nothing}
    ${organization?.status === 'suspended' ? html`<div class="bar-note" role="status">${icon('warn')}<span><bdi>${organization.name}</bdi> is suspended: nobody's keys work.</span>${organization.user_kind === 'owner' ? html`<a class="button" href=${path('settings')}>Lift suspension</a>` : nothing}</div>` : nothing}
    <main id="content" tabindex="-1">${content}</main>`;
}

const paint = () => {
  document.title = [page?.title, current()?.name, 'Access keys'].filter(Boolean).join(' · ');
  const heading = document.activeElement?.matches('main h1');
  try {
    render(frame(page?.draw() ?? nothing), app);
    // A page that has loaded draws another heading. The focus stays on it.
    if (heading && document.activeElement === document.body) focusHeading();
  } catch (error) {
    // A fault of ours. What was drawn so far is thrown away, so that nothing half is shown.
    app.replaceChildren();
    delete app['_$litPart$'];
    render(html`<main class="plain"><h1 tabindex="-1">Something went wrong in this page</h1><p><a class="button primary" href="/console" @click=${() => location.assign('/console')}>Start again</a></p></main>`, app);
    throw error;
  }
};

let waiting = false;
function update() {
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => { waiting = false; paint(); });
}

/** Shows something in the place of a page. */
function instead(title, draw) {
  page?.controller.abort();
  page = { controller: new AbortController(), draw, title };
  paint();
}

async function switchOrganization(event) {
  const button = event.currentTarget;
  // The browser closes it with this click.
  if (button.popoverTargetElement) return;
  (await import('./parts/switcher.js')).openSwitcher(button);
}

function personMenu(event) {
  const here = state.me;
  const owner = here?.user_kind === 'owner';
  const leave = async () => { const { leaveOrganization } = await import('./parts/user-actions.js'); leaveOrganization(); };
  openMenu(event.currentTarget, [
    here && { label: 'My Account', href: path('me', 'profile') },
    here && !needs('ListUsers') && { label: 'Users Management', href: path('users') },
    here && { label: 'Organization settings', href: path('settings') },
    { label: 'Create organization', href: '/console/new' },
    here && { label: `Leave ${current()?.name ?? 'this organization'}`, run: leave, rule: true, why: owner && state.organizations.length === 0 ? 'Not loaded.' : '' },
    { label: 'Sign out', run: () => end(false), rule: true },
    { label: 'Sign out everywhere', run: () => end(true) },
  ]);
}

const end = (everywhere) => signOut(everywhere).catch((problem) => alarm(inWords(problem)));

async function show(moved) {
  const { page: name, section, parameters } = match(location.pathname);
  if (!state.signedIn && !OPEN.has(name)) return welcomeBack();
  if (state.signedIn && location.pathname === '/console') return go(firstPage(), { replace: true });
  if (organizationOf(location.pathname)) {
    const known = state.me;
    await enter();
    if (known !== state.me) count();
    if (!state.me && !OPEN.has(name)) return instead('No access', noAccess);
  }
  await load(name, { section, parameters }, moved);
}

/** Loads the module of a page and draws it. */
async function load(name, { section = undefined, parameters = {} }, moved) {
  const at = location.href;
  let module;
  try {
    module = await import(`./pages/${name}.js`);
  } catch (problem) {
    // A new version was deployed, and the files of this page's version are gone.
    if (history.state?.reloaded) return instead('Not loaded', () => html`<h1 tabindex="-1">This page could not be loaded</h1><p>The service did not answer, or has a new version.</p><p><button type="button" class="primary" @click=${() => location.reload()}>Load again</button></p>`);
    history.replaceState({ reloaded: true }, '');
    return location.reload();
  }
  if (history.state?.reloaded) history.replaceState(null, '');
  if (at !== location.href) return;
  page?.controller.abort();
  const controller = new AbortController();
  page = { controller, draw: () => nothing, title: module.title, section };
  const view = { parameters, query: new URLSearchParams(location.search), signal: controller.signal, update: () => { if (!controller.signal.aborted) update(); }, titled: (text, part) => { if (page?.controller === controller) { page.title = text; page.section = part ?? page.section; } } };
  page.draw = module.open(view);
  paint();
  if (!moved) return;
  scrollTo(0, 0);
  document.querySelectorAll('nav details').forEach((menu) => menu.removeAttribute('open'));
  focusHeading();
}

const focusHeading = () => /** @type {HTMLElement | null} */ (document.querySelector('main h1'))?.focus();

const firstPage = () => (state.organizations[0] ? `/console/${state.organizations[0].organization_id}/me/access-keys` : '/console/new');

/** Goes to the sign-in at once, unless it has just come from there: then nothing would end. */
function welcomeBack() {
  if (!state.ready) return load('signed-out', { parameters: { reason: 'not_configured' } }, false);
  if (new URLSearchParams(location.search).has('signed_in')) return load('signed-out', { parameters: { reason: 'no_session' } }, false);
  const back = decodeURIComponent(signInUrl().split('=')[1]);
  location.replace(`/console/sign-in?return_to=${encodeURIComponent(`${back}${back.includes('?') ? '&' : '?'}signed_in=1`)}`);
}

function noAccess() {
  const organization = current();
  const again = html`<p><button type="button" @click=${() => show(false)}>Try again</button></p>`;
  if (!/forbidden/.test(state.problem?.code)) return html`<h1 tabindex="-1">Not loaded</h1>${failure(state.problem, () => show(false))}`;
  if (!organization) return html`<h1 tabindex="-1">Not found</h1><div class="empty"><p>There is nothing here. It may have been deleted, or belong to another organization.</p><a class="button" href="/console">Go to your organizations</a></div>`;
  return html`<h1 tabindex="-1">No access</h1><div class="empty"><p><bdi>${organization.name}</bdi> is suspended, or you are not a member.</p>${again}</div>`;
}

addEventListener('moved', () => { show(true).catch(unexpected); });
addEventListener('signed-out', () => { if (state.signedIn) { state.over = true; update(); } });
// What a click began and nobody caught: a problem of the API, or a part of the page that could not be loaded.
addEventListener('unhandledrejection', (event) => {
  if (event.reason?.code) event.preventDefault();
  alarm(event.reason?.code ? inWords(event.reason) : 'This could not be loaded. Reload the page and try again.');
});
// Somebody may have signed in again in another tab.
addEventListener('focus', () => { if (state.over) session().then(() => { state.over = false; update(); }, () => {}); });
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || /INPUT|TEXTAREA|SELECT/.test(document.activeElement?.tagName ?? '')) return;
  const box = /** @type {HTMLElement | null} */ (document.querySelector('main input[type=search]'));
  if (box && !document.querySelector('dialog[open]')) { event.preventDefault(); box.focus(); }
});
setInterval(update, 60000);

function unexpected(problem) {
  instead('Not loaded', () => html`<h1 tabindex="-1">Not loaded</h1>${failure(problem, () => location.reload())}`);
}

followLinks();
startBell(update);
instead('', () => nothing);
const slow = setTimeout(() => { if (!page?.title) instead('', () => skeleton()); }, 200);
try {
  await start();
  if (state.signedIn && location.search.includes('signed_in=1')) {
    history.replaceState(null, '', location.href.replace(/[?&]signed_in=1/, ''));
  }
  clearTimeout(slow);
  if (state.signedIn) setTimeout(() => { state.over = true; update(); }, Date.parse(state.expiresAt) - now());
  await show(false);
} catch (problem) {
  clearTimeout(slow);
  unexpected(problem);
}
