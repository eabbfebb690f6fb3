#!/usr/bin/env node
// @ts-check
// The life of an access key: create, use, rotate, revoke. Node 20 or later, no dependency.
//
//   ACCESS_KEYS_URL   where the API is; default http://127.0.0.1:3000, where `cargo dev` listens
//   SIGN_IN_TOKEN     a sign-in of your company's issuer; without it, one of the development issuer

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

const url = (process.env.ACCESS_KEYS_URL || 'http://127.0.0.1:3000').replace(/\/$/, '')
const attempts = 5
const warnBelowDays = 14

/** @typedef {{ code?: string, detail?: string, message?: string }} ErrorBody */

/** A response that is no success. `code` is stable; `detail` is for people. */
class ApiError extends Error {
  /**
   * @param {number} status
   * @param {ErrorBody} body
   */
  constructor(status, body) {
    // A refusal of the gateway is no problem document: it has a `message` and no `code`.
    const code = body.code ?? 'refused_by_gateway'
    super(`${status} ${code}: ${body.detail ?? body.message}`)
    this.status = status
    this.code = code
  }
}

/**
 * Sends a request, and returns the body of the response.
 *
 * @param {Record<string, string>} credential the header with the key or the sign-in
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @param {string} [once] an Idempotency-Key: the service does all requests with it once
 * @returns {Promise<any>}
 */
async function call(credential, method, path, body, once) {
  const headers = { ...credential }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (once) headers['idempotency-key'] = once
  for (let attempt = 1; ; attempt++) {
    const signal = AbortSignal.timeout(30_000)
    const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body), signal })
    const text = await response.text()
    if (response.ok) return text && JSON.parse(text)
    // After 429 nothing was done. After 503 a change may have been made: repeat only requests for which that does no harm.
    const again = response.status === 429 || (response.status === 503 && (method === 'GET' || once))
    if (!again || attempt === attempts) throw new ApiError(response.status, readError(text, response))
    await sleep(1000 * Number(response.headers.get('retry-after') ?? 2 ** (attempt - 1)))
  }
}

/**
 * Reads the body of an error. Something between us and the service may respond with a page.
 *
 * @param {string} text
 * @param {Response} response
 * @returns {ErrorBody}
 */
function readError(text, response) {
  try {
    return JSON.parse(text)
  } catch {
    return { message: response.statusText }
  }
}

/**
 * Returns the header of a person's sign-in.
 *
 * @returns {Promise<Record<string, string>>}
 */
async function signIn() {
  let token = process.env.SIGN_IN_TOKEN
  if (!token) {
    const name = `alice-${randomUUID().slice(0, 8)}`
    const path = `/_local/sign-in?subject=${name}&email=${name}@example.com&name=Alice`
    token = (await call({}, 'GET', path)).token
  }
  return { authorization: `Bearer ${token}` }
}

/**
 * Gives the key that calls a new secret, and returns the new token. The old one works for another hour.
 *
 * It needs no Idempotency-Key, whose repetitions never show the secret. A lost response is no harm: the old token
 * rotates the key again.
 *
 * @param {string} organization the path of the organization
 * @param {string} token
 * @returns {Promise<string>}
 */
async function rotateCurrent(organization, token) {
  const path = `${organization}/access-keys/current/rotate`
  for (let attempt = 1; ; attempt++) {
    try {
      return (await call({ 'x-access-key': token }, 'POST', path, { overlap_seconds: 3600 })).secret.token
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 503) || attempt === attempts) throw error
      await sleep(1000 * attempt)
    }
  }
}

async function main() {
  const alice = await signIn()
  const { organization_id } = await call(alice, 'POST', '/v1/organizations', { name: 'Acme' })
  const organization = `/v1/organizations/${organization_id}`
  console.log(`organization ${organization_id}`)

  // A machine user with its first key.
  const access_keys = [{ name: 'deploy', expires_in_days: 90 }]
  const user = { kind: 'machine', name: 'deployer', access_keys }
  const machine = await call(alice, 'POST', `${organization}/users`, user, randomUUID())
  let key = machine.access_keys[0]
  if (!key.secret) {
    // The first response was lost, and no repetition shows the secret. A rotation does.
    key = await call(alice, 'POST', `${organization}/access-keys/${key.key_id}/rotate`)
  }
  const old = key.secret.token // Store it now: nothing shows it again.
  console.log(`key ${key.masked_key}`)

  // The machine asks who it is, and warns in time.
  const me = await call({ 'x-access-key': old }, 'GET', '/v1/whoami')
  console.log(`called as ${me.user_name}, with the key ${me.key_name}`)
  if (me.expires_in_days !== null && me.expires_in_days < warnBelowDays) {
    console.log(`WARNING: the key ${me.key_name} expires in ${me.expires_in_days} days`)
  }

  // It rotates its own key, with nothing but the key.
  const renewed = await rotateCurrent(`/v1/organizations/${me.organization_id}`, old)
  for (const [name, token] of [['old', old], ['new', renewed]]) {
    await call({ 'x-access-key': token }, 'GET', '/v1/whoami')
    console.log(`the ${name} secret works`)
  }

  // A list comes in pages. Only a null `next_cursor` marks the last one.
  /** @type {string | null} */
  let cursor = ''
  while (cursor !== null) {
    const page = await call(alice, 'GET', `${organization}/access-keys?limit=100${cursor}`)
    for (const { name, status, expires_at } of page.items) {
      console.log(`listed ${name}: ${status}, expires ${expires_at}`)
    }
    cursor = page.next_cursor && `&cursor=${page.next_cursor}`
  }

  // A revoked key is refused from the next request on.
  const revoked = await call(alice, 'POST', `${organization}/access-keys/${key.key_id}/revoke`)
  console.log(`${revoked.name} is ${revoked.status}`)
  const refusal = await call({ 'x-access-key': renewed }, 'GET', '/v1/whoami').catch((error) => error)
  if (!(refusal instanceof ApiError)) throw new Error('a revoked key still works')
  console.log(`refused: ${refusal.message}`)
}

main().catch((error) => {
  console.error(`error: ${error.cause?.message ?? error.message}`)
  process.exitCode = 1
})
