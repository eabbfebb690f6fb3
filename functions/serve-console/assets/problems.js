// @ts-check
// Problems in words: code to sentence, field and rule to a place in a form.
import { organizationOf } from './router.js';

const SENTENCES = {
  invalid_request: (p) => (p.field ? `${p.field}: ${p.rule}.` : p.detail),
  policy_violation: (p) => `Your organization's policy does not allow this: ${ruleInWords(p.rule)} is ${valueInWords(p)}.`,
  quota_exceeded: (p) => `All ${p.value ?? ''} keys are in use. Revoke or delete one first.`.replace('  ', ' '),
  not_extendable: () => 'The policy does not allow a later expiry. Create a new key instead.',
  key_expired: () => 'This key has expired.',
  key_inactive: () => 'This key is switched off.',
  already_revoked: () => 'This key was revoked already.',
  last_owner: () => 'An organization needs at least one active owner. Make somebody else an owner first.',
  email_taken: () => 'Somebody in this organization has this address already.',
  conflict: (p) => (p.retryAfter || !p.detail ? 'Something else changed at the same time. Try again.' : sentence(p.detail)),
  precondition_failed: () => 'Somebody changed this meanwhile.',
  idempotency_mismatch: () => 'Close this dialog and try again.',
  forbidden: (p) => sentence(p.detail),
  not_found: () => 'It is not there any more.',
  too_large: () => 'This could not be sent. Reload the page and try again.',
  unsupported_media_type: () => 'This could not be sent. Reload the page and try again.',
  too_many_requests: (p) => `Too many requests. ${p.again ? 'Trying' : 'Try'} again in ${p.retryAfter ?? 2} seconds.`,
  unavailable: () => 'The service did not answer. What you asked for may or may not have been done: look before you repeat it.',
  internal: (p) => `Something went wrong on our side, and has been logged.${p.request ? ` Request ${p.request}.` : ''}`,
  signed_out: () => 'You are signed out.',
  gateway_forbidden: () => 'You do not have access to this, or no longer.',
};

const RULES = {
  'lifetime.min_seconds': 'the shortest lifetime of a key',
  'lifetime.max_seconds': 'the longest lifetime of a key',
  'lifetime.allow_never': 'a key without an expiry',
  'rotation.max_overlap_seconds': 'the longest overlap of secrets',
  'quota.owner': 'the number of keys for each owner',
  'quota.normal': 'the number of keys for each normal user',
  'quota.machine': 'the number of keys for each machine',
  extension: 'a later expiry',
};

/** The sentence of a problem, for people. */
export function inWords(problem) {
  const say = SENTENCES[problem?.code];
  return say ? say(problem) : sentence(problem?.detail ?? SENTENCES.internal(problem ?? {}));
}

export const ruleInWords = (rule) => RULES[rule] ?? rule;

/** @param {{rule?: string, value?: any}} problem */
export function valueInWords({ rule = '', value }) {
  if (rule.endsWith('_seconds')) return duration(Number(value));
  if (String(value) === 'false') return 'not allowed';
  return String(value);
}

/** Seconds in words, in the largest unit that divides them. */
export function duration(seconds) {
  for (const [unit, size] of /** @type {[string, number][]} */ ([['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]])) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}${seconds === size ? '' : 's'}`;
  }
  return `${seconds} seconds`;
}

/** The rule that a field breaks, or nothing. Members of a list belong to the field of the list. */
export function fieldProblem(problem, ...fields) {
  if (!problem) return '';
  const at = fields.some((field) => problem.field === field || problem.field?.startsWith(`${field}.`) || problem.field?.startsWith(`${field}[`));
  if (problem.code === 'email_taken' && fields.includes('email')) return inWords(problem);
  return problem.code === 'invalid_request' && at ? sentence(problem.rule) : '';
}

export const sentence = (text = '') => (text ? text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.') : '');

/** Makes a problem of a response that is none, of the gateway's, or of ours. */
export async function problemOf(response) {
  if (!response) return { code: 'unavailable', status: 0, network: true };
  let body = {};
  try {
    body = await response.json();
  } catch { /* Not JSON: the status alone says what it was. */ }
  const status = response.status;
  const code = body.code ?? ({ 403: 'gateway_forbidden', 404: 'not_found', 413: 'too_large', 429: 'too_many_requests', 502: 'unavailable', 503: 'unavailable', 504: 'unavailable' }[status] ?? 'internal');
  const retryAfter = Number(response.headers.get('retry-after')) || undefined;
  return { ...body, code, status, retryAfter, request: response.headers.get('apigw-requestid') ?? undefined };
}

/** Tells the frame that the session is over. */
export const gone = () => dispatchEvent(new CustomEvent('signed-out', { detail: organizationOf(location.pathname) }));
