// @ts-check
// Who is signed in, which organizations they belong to, and what they are in this one.
import * as api from './api.js';
import { organizationOf, path } from './router.js';
import { lacks } from './rights.js';
import { setNow } from './time.js';

/** @type {{signedIn: boolean, ready: boolean, name: string, email: string, verified: boolean, expiresAt: string, organizations: any[], me: any, problem: any, over: boolean, other: string}} */
export const state = { signedIn: false, ready: true, name: '', email: '', verified: false, expiresAt: '', organizations: [], me: null, problem: null, over: false, other: '' };

/** Asks who is signed in, and at the same time for the organizations. */
export async function start() {
  const organizations = loadOrganizations().catch((problem) => problem);
  try {
    const session = await api.session();
    setNow(session.now);
    Object.assign(state, { signedIn: true, over: false, name: nameOf(session), email: session.email, verified: session.email_verified, expiresAt: session.expires_at });
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    Object.assign(state, { signedIn: false, ready: problem.sign_in !== 'not_configured' });
    return;
  }
  const problem = await organizations;
  if (problem) throw problem;
}

const nameOf = (session) => session.name || session.email || 'You';

/** Asks whose the session is by now: other tabs share it, and may have ended it or made it another's. */
export async function check() {
  try {
    const session = await api.session();
    const same = nameOf(session) === state.name && session.email === state.email;
    Object.assign(state, { over: false, other: same ? '' : nameOf(session) });
  } catch (problem) {
    if (problem.status === 401) state.over = true;
  }
}

/** Loads all organizations of the person, those that invited them at the end. */
export async function loadOrganizations() {
  const all = [];
  for (let cursor; ;) {
    const page = await api.listOrganizations({ limit: 100, cursor });
    all.push(...page.items);
    cursor = page.next_cursor;
    if (!cursor) break;
  }
  state.organizations = all;
}

/** Asks what the person is in the organization of this page. */
export async function enter() {
  const id = organizationOf(location.pathname);
  if (state.me?.organization_id === id) return;
  state.me = null;
  state.problem = null;
  try {
    state.me = id ? await api.whoami() : null;
    // The first request of an invited person makes them a member.
    const here = current();
    if (here) Object.assign(here, { invited: false, status: state.me.organization_status });
  } catch (problem) {
    state.problem = problem;
  }
}

/** Forgets what was known of the person here, so that the next page asks again. */
export const forget = () => { state.me = null; };

/** The organization of this page, as the list has it. */
export const current = () => state.organizations.find((one) => one.organization_id === organizationOf(location.pathname));

/** Replaces an organization in the list, with what the API answered. */
export function keep(organization) {
  const known = state.organizations.find((one) => one.organization_id === organization.organization_id);
  if (known) Object.assign(known, organization);
}

/** What the person lacks for an action; an empty text where it is allowed. */
export const needs = (action, resource) => (state.me ? lacks({ kind: state.me.user_kind, user_id: state.me.user_id, permissions: state.me.permissions }, action, resource) : 'a sign-in');

/** The same as a sentence: the reason of a button that is not available. */
export const why = (action, resource) => { const lacking = needs(action, resource); return lacking && `This needs ${lacking}.`; };

/** The person as a user. */
export const myself = () => ({ user_id: state.me?.user_id, kind: state.me?.user_kind, name: state.me?.user_name });

/** The page of a user: one's own is under "me". */
export const userPath = (userId, tab) => (userId === state.me?.user_id
  ? path('me', tab ?? 'profile') : path('users', userId, ...(tab && tab !== 'profile' ? [tab] : [])));

/** Ends this session, or all of this person, and goes to where the server says. */
export async function signOut(everywhere) {
  const answer = await api.signOut({}, { body: everywhere ? { everywhere: true } : {} });
  const target = new URL(answer.location, location.href);
  location.assign(/^https?:$/.test(target.protocol) ? target.href : '/console/signed-out');
}
