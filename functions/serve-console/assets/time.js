// @ts-check
// Times by the server's clock: relative in the text, exact in the title.
import { html } from './vendor/lit-html/lit-html.js';

let offset = 0;

/** Takes over the server's time. */
export const setNow = (iso) => { offset = Date.parse(iso) - Date.now(); };

/** Milliseconds since 1970, by the server's clock. */
export const now = () => Date.now() + offset;

const ago = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const UNITS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([['year', 31557600], ['month', 2629800], ['day', 86400], ['hour', 3600], ['minute', 60]]);

/** "in 92 days", "3 minutes ago". Days are told up to 400, so that no expiry is rounded to months. */
export function relative(iso, from = now()) {
  const seconds = Math.round((Date.parse(iso) - from) / 1000);
  const size = Math.abs(seconds);
  if (size < 45) return seconds > 0 ? 'in a moment' : 'just now';
  const [unit, length] = UNITS.find(([name, length]) => size >= length && !(size < 400 * 86400 && /year|month/.test(name))) ?? UNITS[4];
  const count = Math.round(seconds / length) || Math.sign(seconds);
  return ago.format(count, unit);
}

const LONG = /** @type {Intl.DateTimeFormatOptions} */ ({ day: 'numeric', month: 'long', year: 'numeric' });
const CLOCK = /** @type {Intl.DateTimeFormatOptions} */ ({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', LONG);
const minute = new Intl.DateTimeFormat('en-GB', { ...LONG, hour: '2-digit', minute: '2-digit' });
const local = new Intl.DateTimeFormat('en-GB', { ...LONG, ...CLOCK, timeZoneName: 'shortOffset' });
const utc = new Intl.DateTimeFormat('en-GB', { ...CLOCK, timeZone: 'UTC' });

/** "27 February 2027", where the reader is. */
export const date = (time) => day.format(new Date(time));

/** "25 February 2027 at 14:03", where the reader is. */
export const dateAndTime = (time) => minute.format(new Date(time)).replace(/,? (?:at )?(\d\d:)/, ' at $1');

/** "27 February 2027, 14:03:12 (UTC+1) · 13:03:12 UTC". */
export const exact = (iso) => `${local.format(new Date(iso)).replace(' at', ',').replace(/ (?:GMT|UTC)(\S*)$/, ' (UTC$1)')} · ${utc.format(new Date(iso))} UTC`;

/** A time as people read it. */
export const when = (iso, otherwise = /** @type {any} */ ('')) => (iso ? html`<time datetime=${iso} title=${exact(iso)}>${relative(iso)}</time>` : otherwise);

/** A time as RFC 3339. */
export const iso = (time) => `${new Date(time).toISOString().slice(0, 19)}Z`;

/** The end of a day, where the reader is, as RFC 3339. */
export const endOfDay = (value) => { const [y, m, d] = value.split('-').map(Number); return iso(new Date(y, m - 1, d, 23, 59, 59)); };

/** The day of a time as an input of type date writes it. */
export const dayOf = (time) => { const t = new Date(time); return [t.getFullYear(), t.getMonth() + 1, t.getDate()].map((n) => String(n).padStart(2, '0')).join('-'); };
