// The life of an access key with a TypeScript client made from the OpenAPI document: its types come from the document, and
// `openapi-fetch` sends the requests. The README beside this file says how to make it.
//
//   ACCESS_KEYS_URL, SIGN_IN_TOKEN   as for ../../walk-through.mjs

import createClient from 'openapi-fetch'
import type { paths } from './api.d.ts'

const url = (process.env.ACCESS_KEYS_URL || 'http://127.0.0.1:3000').replace(/\/$/, '')

/** Returns a client that calls with this credential. */
function client(credential: Record<string, string>) {
  return createClient<paths>({ baseUrl: url, headers: credential })
}

/** Returns the body of a success, or throws the detail of the problem document. A refusal of the gateway has a `message` alone. */
async function done<T>(answer: Promise<{ data?: T; error?: object; response: Response }>): Promise<T> {
  const { data, error, response } = await answer
  if (data !== undefined) return data
  const { code, detail, message } = (error ?? {}) as { code?: string; detail?: string; message?: string }
  throw new Error(`${response.status} ${code ?? 'refused_by_gateway'}: ${detail ?? message}`)
}

/** Returns a sign-in: that of the environment, or that of a new person at the development issuer. */
async function signIn(): Promise<string> {
  if (process.env.SIGN_IN_TOKEN) return process.env.SIGN_IN_TOKEN
  const name = `alice-${crypto.randomUUID().slice(0, 8)}`
  const answer = await fetch(`${url}/_local/sign-in?subject=${name}&email=${name}@example.com&name=Alice`)
  return ((await answer.json()) as { token: string }).token
}

const alice = client({ authorization: `Bearer ${await signIn()}` })
const { organization_id } = await done(alice.POST('/v1/organizations', { body: { name: 'Acme' } }))
console.log(`organization ${organization_id}`)

// A machine user with its first key.
const machine = await done(
  alice.POST('/v1/organizations/{organization_id}/users', {
    params: { path: { organization_id }, header: { 'Idempotency-Key': crypto.randomUUID() } },
    body: { kind: 'machine', name: 'deployer', access_keys: [{ name: 'deploy', expires_in_days: 90 }] },
  }),
)
const key = machine.access_keys?.[0]
const old = key?.secret?.token
if (!key || !old) throw new Error('the answer shows no secret: it repeats an earlier one')
console.log(`key ${key.masked_key}`)

// The machine asks who it is, and rotates its own key.
const me = await done(client({ 'x-access-key': old }).GET('/v1/whoami'))
console.log(`called as ${me.user_name}, with the key ${me.key_name}`)
const rotated = await done(
  client({ 'x-access-key': old }).POST('/v1/organizations/{organization_id}/access-keys/{key_id}/rotate', {
    params: { path: { organization_id, key_id: 'current' } },
    body: { overlap_seconds: 3600 },
  }),
)
const renewed = rotated.secret?.token
if (!renewed) throw new Error('the answer shows no secret')
for (const [name, token] of Object.entries({ old, new: renewed })) {
  await done(client({ 'x-access-key': token }).GET('/v1/whoami'))
  console.log(`the ${name} secret works`)
}

// A list comes in pages. Only a null `next_cursor` marks the last one.
let cursor: string | null | undefined
do {
  const query = { limit: 100, ...(cursor ? { cursor } : {}) }
  const page = await done(
    alice.GET('/v1/organizations/{organization_id}/access-keys', { params: { path: { organization_id }, query } }),
  )
  for (const { name, status, expires_at } of page.items) console.log(`listed ${name}: ${status}, expires ${expires_at}`)
  cursor = page.next_cursor
} while (cursor)

// A revoked key is refused from the next request on.
const revoked = await done(
  alice.POST('/v1/organizations/{organization_id}/access-keys/{key_id}/revoke', {
    params: { path: { organization_id, key_id: key.key_id } },
  }),
)
console.log(`${revoked.name} is ${revoked.status}`)
const refusal = await done(client({ 'x-access-key': renewed }).GET('/v1/whoami')).then(
  () => 'a revoked key still works',
  (error: Error) => `refused: ${error.message}`,
)
console.log(refusal)
