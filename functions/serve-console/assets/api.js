// @ts-check
// Every route that the console calls, one line each. Nothing else calls fetch.
import { problemOf, gone } from './problems.js';
import { organizationOf } from './router.js';

export const session = route('GET /console/session');
export const signOut = route('POST /console/sign-out');

export const listOrganizations = route('GET /v1/organizations');
export const createOrganization = route('POST /v1/organizations');
export const organization = route('GET /v1/organizations/{organization_id}');
export const updateOrganization = route('PATCH /v1/organizations/{organization_id}');
export const deleteOrganization = route('DELETE /v1/organizations/{organization_id}');
export const previewPolicy = route('POST /v1/organizations/{organization_id}/policy-preview');
export const whoami = route('GET /v1/organizations/{organization_id}/whoami');

export const listUsers = route('GET /v1/organizations/{organization_id}/users');
export const createUser = route('POST /v1/organizations/{organization_id}/users');
export const user = route('GET /v1/organizations/{organization_id}/users/{user_id}');
export const updateUser = route('PATCH /v1/organizations/{organization_id}/users/{user_id}');
export const deleteUser = route('DELETE /v1/organizations/{organization_id}/users/{user_id}');

export const listRoles = route('GET /v1/organizations/{organization_id}/roles');
export const putRole = route('PUT /v1/organizations/{organization_id}/roles/{role}');
export const deleteRole = route('DELETE /v1/organizations/{organization_id}/roles/{role}');
export const listGroups = route('GET /v1/organizations/{organization_id}/groups');
export const putGroup = route('PUT /v1/organizations/{organization_id}/groups/{group}');
export const deleteGroup = route('DELETE /v1/organizations/{organization_id}/groups/{group}');

export const listKeys = route('GET /v1/organizations/{organization_id}/access-keys');
export const listKeysOf = route('GET /v1/organizations/{organization_id}/users/{user_id}/access-keys');
export const createKey = route('POST /v1/organizations/{organization_id}/users/{user_id}/access-keys');
export const key = route('GET /v1/organizations/{organization_id}/access-keys/{key_id}');
export const updateKey = route('PATCH /v1/organizations/{organization_id}/access-keys/{key_id}');
export const deleteKey = route('DELETE /v1/organizations/{organization_id}/access-keys/{key_id}');
export const rotateKey = route('POST /v1/organizations/{organization_id}/access-keys/{key_id}/rotate');
export const revokeKey = route('POST /v1/organizations/{organization_id}/access-keys/{key_id}/revoke');
export const keyPermissions = route('GET /v1/organizations/{organization_id}/access-keys/{key_id}/permissions');

export const inbox = route('GET /v1/organizations/{organization_id}/users/{user_id}/inbox');
export const markAllRead = route('PATCH /v1/organizations/{organization_id}/users/{user_id}/inbox');
export const updateMessage = route('PATCH /v1/organizations/{organization_id}/users/{user_id}/inbox/{message_id}');
export const deleteMessage = route('DELETE /v1/organizations/{organization_id}/users/{user_id}/inbox/{message_id}');

export const listEvents = route('GET /v1/organizations/{organization_id}/audit-events');

/**
 * Returns a function that calls one route. Parameters that the path does not name go into the query.
 * `once` is the Idempotency-Key of a request that must be done once; `match` the version that the page has read.
 * @param {string} line
 * @returns {(parameters?: Record<string, any>, options?: {body?: any, match?: number, once?: string, create?: boolean, signal?: AbortSignal}) => Promise<any>}
 */
function route(line) {
  const [method, template] = line.split(' ');
  return async (parameters = {}, options = {}) => {
    const query = new URLSearchParams();
    const named = { organization_id: organizationOf(location.pathname), ...parameters };
    const path = template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(named[name]));
    for (const [name, value] of Object.entries(parameters)) {
      if (!template.includes(`{${name}}`) && value != null && value !== '') query.set(name, value);
    }
    const url = query.size ? `${path}?${query}` : path;
    // A request without effect, or one that is done once whatever happens, is sent again when its answer is lost.
    const attempts = method === 'GET' || options.once ? 2 : 1;
    for (let attempt = 1; ; attempt++) {
      const response = await send(method, url, options);
      if (response?.ok) return read(response);
      const problem = await problemOf(response);
      if (problem.code === 'gateway_forbidden' && template.startsWith('/v1/')) await tellApart(problem);
      if (attempt >= attempts || response || options.signal?.aborted) throw problem;
    }
  };
}

/** Answers nothing where no answer came. */
async function send(method, url, /** @type {any} */ { body, match, once, create, signal }) {
  /** @type {Record<string, string>} */
  const headers = { 'x-console-request': '1', accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (match !== undefined) headers['if-match'] = `"${match}"`;
  if (once) headers['idempotency-key'] = once;
  if (create) headers['if-none-match'] = '*';
  try {
    return await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal, cache: 'no-store', redirect: 'error' });
  } catch {
    return undefined;
  }
}

async function read(response) {
  if (response.status === 204) return null;
  try {
    const body = await response.json();
    if (response.headers.get('idempotent-replayed')) body.replayed = true;
    return body;
  } catch {
    throw await problemOf(undefined);
  }
}

/** The gateway's 403 has no reason. A session that is over is one of them. */
async function tellApart(problem) {
  try {
    await session();
  } catch (answer) {
    if (answer.status !== 401) return;
    problem.code = 'signed_out';
    gone();
  }
}
