// @ts-check
// Line icons. They stand beside a word, so they have no name of their own.
import { html } from '../vendor/lit-html/lit-html.js';

const PATHS = {
  check: 'M5 12.5l4.5 4.5L19 7.5',
  cross: 'M6.5 6.5l11 11m0-11l-11 11',
  pause: 'M9 6.5v11M15 6.5v11',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2',
  mail: 'M3.5 6.5h17v11h-17zM4 7l8 6l8-6',
  bell: 'M12 3.5a5.5 5.5 0 0 0-5.5 5.5c0 5-2 6.5-2 6.5h15s-2-1.5-2-6.5A5.5 5.5 0 0 0 12 3.5zM10 19a2.2 2.2 0 0 0 4 0',
  down: 'M7 10l5 5l5-5',
  back: 'M14.5 6.5L9 12l5.5 5.5',
  pencil: 'M5 19l1-4L16.5 4.5l3 3L9 18zM14 7l3 3',
  dots: 'M12 6h.01M12 12h.01M12 18h.01',
  copy: 'M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9',
  plus: 'M12 5.5v13M5.5 12h13',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13zM15.5 15.5l4.5 4.5',
  warn: 'M12 4L2.5 19.5h19zM12 10v4.5M12 17.2h.01',
  person: 'M12 4.5a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 0 0 0-7.6zM4.5 20c.6-3.6 3.6-5.4 7.5-5.4s6.9 1.8 7.5 5.4',
  key: 'M8 9a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM12 13h8.5M17 13v3M20.5 13v2.5',
};

/** @param {keyof typeof PATHS} name */
export const icon = (name) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]}></path></svg>`;

const PILLS = /** @type {Record<string, [keyof typeof PATHS, string, string]>} */ ({
  active: ['check', 'good', 'Active'],
  inactive: ['pause', 'off', 'Inactive'],
  expired: ['clock', 'warn', 'Expired'],
  revoked: ['cross', 'bad', 'Revoked'],
  suspended: ['pause', 'bad', 'Suspended'],
  invited: ['mail', 'warn', 'Invited'],
});

/** A status: icon and word. */
export const pill = (status) => { const [name, tone, word] = PILLS[status] ?? ['clock', 'off', status]; return html`<span class="pill ${tone}">${icon(name)}${word}</span>`; };

/** The status of a user: invited people have never signed in. */
export const userStatus = (user) => (user.status === 'suspended' ? 'suspended' : user.kind !== 'machine' && !user.signed_in ? 'invited' : 'active');

export const KINDS = { owner: 'Owner', normal: 'Normal user', machine: 'Machine' };
