// @ts-check
// The expiry of a key: choices within the policy, and the exact second below them.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { duration } from '../problems.js';
import { expiryChoices } from '../quota.js';
import { dateAndTime, dayOf, endOfDay, iso, now, relative } from '../time.js';
import { field, radios } from './field.js';

const DAY = 864e5;

/**
 * The state of an expiry field. Where nothing later than the present expiry is allowed, that is `latest`: choices beyond it are off.
 * @param {any} policy
 * @param {{latest?: number}} bounds
 */
export function newExpiry(policy, { latest = Infinity } = {}) {
  const { days, preset, min, max, never } = expiryChoices(policy);
  const at = now();
  const most = Math.min(at + max * 1000, latest);
  const least = at + (latest < Infinity ? 0 : min * 1000);
  const fits = (n) => at + n * DAY <= most;
  const fitting = days.filter(fits);
  // The day's end must not lie beyond the longest lifetime.
  let last = dayOf(Math.min(most, at + 36500 * DAY));
  if (Date.parse(endOfDay(last)) > most) last = dayOf(Date.parse(endOfDay(last)) - DAY);
  const first = dayOf(least);
  const choices = [
    ...days.map((n) => ({ value: String(n), label: `${n} days`, off: !fits(n) })),
    // A policy of hours has no day to choose.
    !days.length && latest === Infinity && { value: 'longest', label: `${duration(max)}, the longest allowed` },
    first <= last && { value: 'date', label: 'On a date' },
    never && { value: 'never', label: 'Never', off: latest < Infinity },
  ].filter(Boolean);
  const start = String(fitting.includes(preset ?? 0) ? preset : fitting.at(-1) ?? choices.find((one) => !one.off)?.value ?? '');
  return { choice: start, day: '', choices, first, last, most, notices: policy.notices };
}

/** The time that is chosen; undefined: none yet; null: never. */
function timeOf(expiry) {
  const { choice, day, most } = expiry;
  if (choice === 'never') return null;
  if (choice === 'longest') return most - 5000;
  if (choice === 'date') return day ? Date.parse(endOfDay(day)) : undefined;
  return choice ? now() + Number(choice) * DAY : undefined;
}

/** The members of the request: days as days, a date as the end of that day where the reader is. */
export function expiryBody(expiry) {
  if (expiry.choice === 'never') return { never_expires: true };
  const time = timeOf(expiry);
  if (expiry.choice === 'date' || expiry.choice === 'longest') return time ? { expires_at: iso(time) } : {};
  return { expires_in_days: Number(expiry.choice) };
}

/** Whether there is something to send. */
export const chosen = (expiry) => timeOf(expiry) !== undefined;

export function expiryField(expiry, update, { error = '', mine = true, label = 'Expires', note = '' } = {}) {
  const choose = (choice) => { expiry.choice = choice; update(); };
  return html`<div class="expiry">${radios({ name: 'expiry', label, value: expiry.choice, choices: expiry.choices, change: choose, row: true, note })}
    ${expiry.choice === 'date' ? field({ name: 'date', label: 'Date', type: 'date', value: expiry.day, min: expiry.first, most: expiry.last, hint: 'The key works until the end of this day.', input: (day) => { expiry.day = day; update(); } }) : nothing}
    <p class="consequence" role="status">${sentence(expiry, mine)}</p>${error ? html`<p class="error" role="alert">${error}</p>` : nothing}</div>`;
}

function sentence(expiry, mine) {
  const time = timeOf(expiry);
  if (time === null) return 'This key will never expire. Give it an expiry all the same: a key that leaks unnoticed then ends by itself.';
  if (time === undefined) return 'Choose a date.';
  const stages = expiry.notices.days_before.filter((days) => now() + days * DAY < time);
  const words = new Intl.ListFormat('en-GB').format(stages.map(String));
  const warned = stages.length ? ` ${mine ? 'You will be warned' : 'A warning is sent'} ${words} ${words === '1' ? 'day' : 'days'} before.` : '';
  const soon = time - now() > DAY ? new Intl.RelativeTimeFormat('en').format(Math.round((time - now()) / DAY), 'day') : relative(iso(time));
  return `Expires on ${dateAndTime(time)} (${soon}).${warned}`;
}
