// @ts-check
// Paths under /console, and how the page moves between them. The query holds filters only.

/** Path, module under pages/, and entry of the menu bar that it belongs to. `{o}` is the organization. */
const ROUTES = [
  ['new', 'new-organization'],
  ['signed-out', 'signed-out'],
  ['sign-in-failed', 'signed-out'],
  ['{o}', 'my-keys', 'me'],
  ['{o}/me', 'my-keys', 'me'],
  ['{o}/me/access-keys', 'my-keys', 'me'],
  ['{o}/me/profile', 'user', 'me'],
  ['{o}/me/access', 'user', 'me'],
  ['{o}/me/notifications', 'notifications', 'me'],
  ['{o}/me/inbox', 'inbox', 'me'],
  ['{o}/access-keys', 'keys', 'access-keys'],
  ['{o}/access-keys/{key_id}', 'key', 'access-keys'],
  ['{o}/users', 'users', 'users'],
  ['{o}/users/{user_id}', 'user', 'users'],
  ['{o}/users/{user_id}/{tab}', 'user', 'users'],
  ['{o}/roles', 'roles', 'roles'],
  ['{o}/groups', 'groups', 'groups'],
  ['{o}/policy', 'policy', 'policy'],
  ['{o}/audit', 'audit', 'audit'],
  ['{o}/settings', 'organization', 'settings'],
];

const WORDS = new Set(['new', 'signed-out', 'sign-in-failed', 'sign-in', 'callback', 'session', 'sign-out', 'assets']);

/** The organization that a path names, or an empty text. */
export function organizationOf(path) {
  const [, console, first = ''] = path.split('/');
  return console === 'console' && /^[0-9A-Za-z]{1,40}$/.test(first) && !WORDS.has(first) ? first : '';
}

/** @returns {{page: string, section?: string, parameters: Record<string, string>}} */
export function match(path) {
  const parts = path.replace(/\/+$/, '').split('/').slice(2);
  for (const [pattern, page, section] of ROUTES) {
    const wanted = pattern.split('/');
    if (wanted.length !== parts.length) continue;
    /** @type {Record<string, string>} */
    const parameters = {};
    const fits = wanted.every((part, i) => {
      if (part === '{o}') return organizationOf(path) === parts[i];
      if (!part.startsWith('{')) return part === parts[i];
      parameters[part.slice(1, -1)] = parts[i];
      return /^[0-9A-Za-z_-]{1,64}$/.test(parts[i]);
    });
    if (fits) return { page, section, parameters };
  }
  return { page: 'not-found', parameters: {} };
}

/** Loads the module of a page; null: it is not there. After a deployment its files are gone: then all is loaded anew, once. */
export async function pageModule(name) {
  try {
    const module = await import(`./pages/${name}.js`);
    if (history.state?.reloaded) history.replaceState(null, '');
    return module;
  } catch {
    if (history.state?.reloaded) return null;
    history.replaceState({ reloaded: true }, '');
    location.reload();
    return new Promise(() => {});
  }
}

/** A path within the organization of this page: `path('users', id)`. */
export const path = (...parts) => ['/console', organizationOf(location.pathname), ...parts.map(encodeURIComponent)].join('/');

/** One's own keys, in the organization of this page if it has one. */
export const home = () => (organizationOf(location.pathname) ? path('me', 'access-keys') : '/console');

/** Moves to another page of the console. */
export function go(url, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  dispatchEvent(new Event('moved'));
}

/** Changes filters in the query. The page stays. */
export function setQuery(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) value ? query.set(name, value) : query.delete(name);
  history.replaceState(null, '', location.pathname + (query.size ? `?${query}`.replaceAll('+', '%20') : ''));
}

/** Lets links of the console change the page without loading it anew. */
export function followLinks() {
  addEventListener('popstate', () => dispatchEvent(new Event('moved')));
  addEventListener('click', (event) => {
    const link = /** @type {Element} */ (event.target).closest?.('a[href]');
    if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target || link.origin !== location.origin) return;
    if (!/^\/console(\/|$)/.test(link.pathname) || link.pathname === '/console/sign-in' || link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}

/** Where a sign-in comes back to, as the server accepts it. */
export function signInUrl() {
  const here = location.pathname + location.search;
  const fits = /^\/console(\/[A-Za-z0-9._~/-]*)?(\?[A-Za-z0-9._~=&%-]*)?$/.test(here) && !here.includes('//');
  const back = fits && !/^\/console\/(signed-out|sign-in-failed)/.test(here) ? here : '/console';
  return `/console/sign-in?return_to=${encodeURIComponent(back)}`;
}
