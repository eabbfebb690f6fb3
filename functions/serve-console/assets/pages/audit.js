// @ts-check
// The audit log, newest first: who did what to what, and from where.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { listEvents } from '../api.js';
import { path } from '../router.js';
import { needs } from '../session.js';
import { dayOf, exact, iso, when } from '../time.js';
import { code } from '../parts/copy.js';
import { openDialog, title as heading } from '../parts/dialog.js';
import { empty, forbidden } from '../parts/empty.js';
import { filters } from '../parts/filters.js';
import { list, table } from '../parts/table.js';

export const title = 'Audit log';

const ACTIONS = { organization: 'created updated deleted', user: 'created updated linked deleted', role: 'created updated deleted', group: 'created updated deleted',
  access_key: 'created updated rotated revoked deleted expiring expired retired_secret_used retired_secret_reported' };
const words = (action) => { const text = action.replace(/[._]/g, ' '); return text[0].toUpperCase() + text.slice(1); };
const PAGES = { access_key: 'access-keys', user: 'users', role: 'roles', group: 'groups', organization: 'settings' };

export function open(view) {
  const lacking = needs('ReadAudit');
  if (lacking) return () => html`<h1 tabindex="-1">Audit log</h1>${forbidden({ needs: lacking })}`;
  const filter = filters(view.query, 'actor action target since until', () => events.reload());
  const events = list(view, (cursor) => listEvents({ ...filter.values, cursor }, { signal: view.signal }));
  const link = ({ type, id }) => {
    const page = PAGES[type];
    return page ? html`<a href=${/^(access_key|user)$/.test(type) ? path(page, id) : path(page)}>${type === 'role' || type === 'group' ? id : html`<code>${id}</code>`}</a>` : id;
  };
  const only = (name, value, text) => html`<button type="button" class="link short" title="Show only these events" @click=${() => filter.set({ [name]: value })}>${text}</button>`;
  const columns = [
    { label: 'When', cell: (event) => when(event.at) },
    { label: 'Who', cell: (event) => only('actor', event.actor.id, html`<bdi>${event.actor.name || event.actor.id}</bdi>`) },
    { label: 'Action', kind: 'head', cell: (event) => html`<span title=${event.action}>${words(event.action)}</span>` },
    { label: 'Target', kind: 'far', cell: (event) => link(event.target) },
    { label: 'From', kind: 'far later', cell: (event) => html`<span class="muted">${event.source_ip}</span>` },
    { label: 'Details', kind: 'mute end', cell: (event) => html`<button type="button" class="small" aria-label=${`Details of ${words(event.action)}`} @click=${() => details(event, link)}>Details</button>` },
  ];
  const day = (name, label) => html`<label class="inline">${label}<input type="date" .value=${filter.values[name] ? dayOf(filter.values[name]) : ''} @change=${(event) => filter.set({ [name]: event.target.value && iso(`${event.target.value}T00:00:00`) })}></label>`;
  const given = (name, label) => (filter.values[name] ? html`<button type="button" aria-pressed="true" @click=${() => filter.set({ [name]: '' })}>${label} ${filter.values[name]} ✕</button>` : nothing);
  return () => html`<div class="page-head"><div><h1 tabindex="-1">Audit log</h1><p class="muted">Every change, newest first.</p></div></div>
    <div class="filters"><label class="inline">Action<select @change=${(event) => filter.set({ action: event.target.value })}><option value="">All</option>
      ${Object.entries(ACTIONS).flatMap(([type, names]) => names.split(' ').map((name) => `${type}.${name}`)).map((one) => html`<option value=${one} ?selected=${filter.values.action === one}>${words(one)}</option>`)}</select></label>
      ${day('since', 'From')}${day('until', 'Before')}<div class="group">${given('actor', 'Who')}${given('target', 'Target')}</div></div>
    ${table({ caption: 'Audit events', columns, list: events, key: 'audit_id', order: 'Newest first', none: empty('No event fits these filters.', filter.any() ? filter.clear() : nothing, 'search') })}`;
}

/** What changed, a line for each value: members of an object by their path. */
const told = (value, at = '') => {
  if (value && typeof value === 'object' && !Array.isArray(value)) return Object.entries(value).flatMap(([name, inner]) => told(inner, at ? `${at}.${name}` : name));
  const text = !Array.isArray(value) ? String(value) : value.some((one) => typeof one === 'object') ? JSON.stringify(value) : value.join(', ') || 'None';
  return [at ? `${at}: ${text}` : text];
};

const details = (event, link) => openDialog(({ close }) => () => html`<div class="dialog">${heading(words(event.action))}<div class="body" tabindex="0" role="group" aria-label="Details"><dl>
  <dt>When</dt><dd>${exact(event.at)}</dd><dt>Who</dt><dd><bdi>${event.actor.name}</bdi> <span class="muted">${event.actor.type.replace('_', ' ')} <code>${event.actor.id}</code></span></dd>
  <dt>Target</dt><dd>${event.target.type.replace('_', ' ')} ${link(event.target)} <a class="button small" href="${path('audit')}?target=${encodeURIComponent(event.target.id)}">All its events</a></dd><dt>From</dt><dd>${event.source_ip || 'None'}</dd><dt>Request</dt><dd>${event.request_id ? code(event.request_id, 'request id') : 'None'}</dd></dl>
  ${Object.keys(event.changes).length ? html`<table class="plain-table"><caption class="hidden">Changes</caption><thead><tr><th scope="col">Changed</th><th scope="col">To</th></tr></thead><tbody>${Object.entries(event.changes).map(([name, value]) => html`<tr><th scope="row">${name}</th><td><ul class="bare">${told(value).map((line) => html`<li><bdi>${line}</bdi></li>`)}</ul></td></tr>`)}</tbody></table>` : nothing}</div>
  <div class="buttons"><button type="button" data-focus @click=${() => close()}>Close</button></div></div>`, { wide: true });
