// @ts-check
// Start: session, organization, page. Which pages are shown, and the one place for errors that nobody expected.
import { html, nothing, render } from './vendor/lit-html/lit-html.js';
import { inWords } from './problems.js';
import { followLinks, go, match, organizationOf, pageModule, path, signInUrl } from './router.js';
import { check, current, enter, needs, start, state } from './session.js';
import { now } from './time.js';
import { failure, skeleton } from './parts/empty.js';
import { count, frame, startBell } from './parts/frame.js';
import { alarm } from './parts/toast.js';

const app = /** @type {HTMLElement} */ (document.getElementById('app'));
/** Pages that need nobody to be signed in. */
const OPEN = new Set(['signed-out']);
/** @typedef {{at: string, controller: AbortController, draw: () => any, title: string, section?: string}} Page */
/** @type {Page | null} */ let page = null;
/** The details of a key: beside the list that the page is, where there is room; else in its place. @type {Page | null} */
let pane = null;
const wide = matchMedia('(min-width: 1080px)');
const beside = () => !!pane && !!page && wide.matches;
/** Pages with a table of keys. */
const LISTS = /^\/console\/\w+(\/me|\/(\w+\/)*access-keys)?$/;
/** What the address names. */
const front = () => pane ?? page;
/** The filters that were drawn last. */
let search = '';

const paint = () => {
  document.title = [front()?.title, current()?.name, 'Access keys'].filter(Boolean).join(' · ');
  search = location.search;
  const held = document.activeElement?.matches(HEADING);
  try {
    render(frame(content(), (beside() ? page : front())?.section), app);
  } catch (error) {
    // A fault of ours. What was drawn so far is thrown away, so that nothing half is shown.
    app.replaceChildren();
    delete app['_$litPart$'];
    render(html`<main class="plain"><h1 tabindex="-1">Something went wrong in this page</h1><p><a class="button primary" href="/console" @click=${() => location.assign('/console')}>Start again</a></p></main>`, app);
    throw error;
  }
  // A page that has loaded may draw another heading: the focus goes with it.
  if (held && document.activeElement === document.body) heading()?.focus();
};

const HEADING = 'main h1, #pane-title';
const heading = () => /** @type {HTMLElement | null} */ (document.querySelector('#pane-title') ?? document.querySelector('main h1'));

/** The page; with details beside it where both have room, and in its place where not. */
const content = () => html`<div class=${beside() ? 'columns' : nothing}><div>${(pane && !beside() ? null : page)?.draw() ?? nothing}</div>${pane ? html`<section class=${beside() ? 'pane' : nothing} aria-label=${beside() ? 'Key details' : nothing}>${pane.draw()}</section>` : nothing}</div>`;

let waiting = false;
function update() {
  if (waiting) return;
  waiting = true;
  queueMicrotask(() => { waiting = false; paint(); });
}

/** Shows something in the place of a page. */
function instead(title, draw) {
  leave();
  page = { at: '', controller: new AbortController(), draw, title };
  paint();
}

/** Ends what is shown: nothing that it still loads is drawn. */
function leave() {
  page?.controller.abort();
  pane?.controller.abort();
  page = pane = null;
}

async function show(moved) {
  const before = search;
  const { page: name, section, parameters } = match(location.pathname);
  if (!state.signedIn && !OPEN.has(name)) return welcomeBack();
  if (state.signedIn && location.pathname === '/console') return go(firstPage(), { replace: true });
  if (organizationOf(location.pathname)) {
    const known = state.me;
    await enter();
    if (known !== state.me) count();
    if (!state.me && !OPEN.has(name)) return load('forbidden', {}, moved);
  }
  if (name === 'key') return showKey(parameters, before, moved);
  if (pane && page?.at === location.pathname && before === location.search) {
    // The details are closed, and the list is as it was.
    const { at, controller } = pane;
    controller.abort();
    pane = null;
    paint();
    const link = [.../** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('main th a'))].find((one) => one.pathname === at);
    return link?.checkVisibility() ? link.focus() : heading()?.focus();
  }
  await load(name, { section, parameters }, moved);
}

/** Shows the details of a key beside the list that they were opened from, or beside one that has the key. */
async function showKey(parameters, before, moved) {
  const listed = page && LISTS.test(page.at) && organizationOf(page.at) === organizationOf(location.pathname);
  const behind = listed ? page : wide.matches ? await behindKey() : null;
  const details = await opened('key', { section: 'access-keys', parameters });
  if (!details) return;
  // Filters of the list stay in the address, so that it can be loaded again as it is.
  if (listed && before && !location.search) history.replaceState(null, '', location.pathname + before);
  pane?.controller.abort();
  if (!listed) page?.controller.abort();
  page = behind ?? null;
  pane = details;
  paint();
  if (moved) arrive(listed && beside());
}

/** The list of keys behind the details of one that the address names. */
const behindKey = () => (needs('ListKeys') ? opened('my-keys', { at: path('me', 'access-keys'), section: 'me' }) : opened('keys', { at: path('access-keys'), section: 'access-keys' }));

/** Loads the module of a page and draws it. */
async function load(name, { section = undefined, parameters = {} }, moved) {
  const next = await opened(name, { section, parameters });
  if (!next) return;
  leave();
  page = next;
  paint();
  if (moved) arrive();
}

function arrive(stays = false) {
  if (!stays) scrollTo(0, 0);
  document.querySelectorAll('nav details').forEach((menu) => menu.removeAttribute('open'));
  heading()?.focus({ preventScroll: stays });
}

/**
 * Loads the module of a page, and opens it. Answers nothing where the reader has moved on.
 * @returns {Promise<Page | undefined>}
 */
async function opened(name, { at: place = location.pathname, section = undefined, parameters = {} }) {
  const at = location.href;
  const module = await pageModule(name);
  if (!module) return void instead('Not loaded', () => html`<h1 tabindex="-1">This page could not be loaded</h1><p>The service did not answer, or has a new version.</p><p><button type="button" class="primary" @click=${() => location.reload()}>Load again</button></p>`);
  if (at !== location.href) return undefined;
  const controller = new AbortController();
  let [late, waits] = [false, false];
  /** @type {Page} */
  const self = { at: place, controller, draw: () => nothing, title: module.title, section };
  const view = {
    parameters, query: new URLSearchParams(location.search), signal: controller.signal,
    /** Whether loading takes so long that the page says so. Pages ask while they load. */ get slow() { waits = true; return late; },
    /** Whether it shares the window with another. */ get shares() { return beside() && (self === page || self === pane); },
    /** Where the list is that the details stand beside. */ get list() { return beside() ? page?.at + location.search : ''; },
    update: () => { if (!controller.signal.aborted) update(); },
    titled: (text, part) => { self.title = text; self.section = part ?? self.section; },
  };
  setTimeout(() => { late = true; if (waits) view.update(); }, 200);
  const draw = module.open(view);
  self.draw = () => { waits = false; return draw(); };
  return self;
}

const firstPage = () => (state.organizations[0] ? `/console/${state.organizations[0].organization_id}/me/access-keys` : '/console/new');

/** Goes to the sign-in at once, unless it has just come from there: then nothing would end. */
function welcomeBack() {
  if (!state.ready) return load('signed-out', { parameters: { reason: 'not_configured' } }, false);
  if (new URLSearchParams(location.search).has('signed_in')) return load('signed-out', { parameters: { reason: 'no_session' } }, false);
  const back = decodeURIComponent(signInUrl().split('=')[1]);
  location.replace(`/console/sign-in?return_to=${encodeURIComponent(`${back}${back.includes('?') ? '&' : '?'}signed_in=1`)}`);
}

addEventListener('moved', () => { show(true).catch(unexpected); });
addEventListener('signed-out', () => { if (state.signedIn) { state.over = true; update(); } });
// What a click began and nobody caught: a problem of the API, or a part of the page that could not be loaded.
addEventListener('unhandledrejection', (event) => {
  if (event.reason?.code) event.preventDefault();
  alarm(event.reason?.code ? inWords(event.reason) : 'This could not be loaded. Reload the page and try again.');
});
// In another tab somebody may have signed out, in again, or in as another. Then the page is not theirs; an open dialog stays.
addEventListener('focus', async () => {
  if (!state.signedIn) return;
  await check();
  if (state.other && !document.querySelector('dialog[open]')) location.reload(); else update();
});
setInterval(update, 60000);
// What stands beside each other in a wide window stands alone in a narrow one.
wide.addEventListener('change', () => { if (pane && !page && wide.matches) behindKey().then((list) => { page ??= list ?? null; update(); }, unexpected); else update(); });

function unexpected(problem) {
  instead('Not loaded', () => html`<h1 tabindex="-1">Not loaded</h1>${failure(problem, () => location.reload())}`);
}

followLinks();
startBell(update);
instead('', () => nothing);
const slow = setTimeout(() => { if (!front()?.title) instead('', () => skeleton()); }, 200);
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
