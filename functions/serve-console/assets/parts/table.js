// @ts-check
// Lists that come in pages, and the table that shows them.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { repeat } from '../vendor/lit-html/directives/repeat.js';
import { failure, skeleton, waiting } from './empty.js';

/** Short pages that a list asks for by itself, before it asks the reader. */
const ROUNDS = 10;

/**
 * A list of the API. `load` gets a cursor and answers a page. The list is read at once.
 * @param {{update: () => void, signal: AbortSignal, slow: boolean, shares: boolean}} view
 * @param {(cursor: string | undefined) => Promise<{items: any[], next_cursor: string | null}>} load
 */
export function list(view, load) {
  let reading = 0;
  const self = {
    /** @type {any[]} */ items: [],
    /** @type {string | null | undefined} */ next: undefined,
    /** @type {any} */ problem: null,
    busy: false, loaded: false, view,
    /** The column that orders the rows, where all are here. */ sort: { label: '', down: false },
    /** Whether all rows are here. */
    get whole() { return self.loaded && !self.next; },
    /** Reads the first page again. Old rows stay until it is here. */
    reload: () => read(undefined),
    more: () => read(self.next ?? undefined),
    /** Puts a row first, or in the place of its predecessor. */
    put(item, id) {
      const at = self.items.findIndex((one) => one[id] === item[id]);
      if (at < 0) self.items.unshift(item); else self.items[at] = item;
      view.update();
    },
    drop(item) {
      self.items = self.items.filter((one) => one !== item);
      view.update();
    },
  };
  async function read(cursor) {
    const mine = ++reading;
    self.busy = true;
    self.problem = null;
    view.update();
    try {
      const found = [];
      let next = cursor;
      for (let round = 0; round < ROUNDS; round++) {
        const page = await load(next);
        if (mine !== reading) return;
        found.push(...page.items);
        next = page.next_cursor ?? undefined;
        if (!next || found.length) break;
      }
      self.items = cursor ? [...self.items, ...found] : found;
      self.next = next ?? null;
      self.loaded = true;
    } catch (problem) {
      if (mine !== reading || view.signal.aborted) return;
      self.problem = problem;
      problem.again = problem.code === 'too_many_requests';
      if (problem.again) setTimeout(() => { if (mine === reading && !view.signal.aborted) read(cursor); }, (problem.retryAfter ?? 2) * 1000);
    }
    self.busy = false;
    view.update();
  }
  self.reload();
  return self;
}

/**
 * @typedef {{label: string, cell: (row: any) => any, kind?: string, by?: (row: any) => any}} Column kind: a class; "head" is the row's header; by: what it is sorted by
 * On phones each row is a card. The roles are written out, because some browsers forget them where a row is no table row any more.
 * @param {{caption: string, columns: (Column | false)[], list: ReturnType<typeof list>, key: string, none: any, order: string}} table order: that of the API, as it is said
 */
export function table({ caption, columns, list, key, none, order }) {
  // Beside something else there is room for what counts most.
  const shown = /** @type {Column[]} */ (columns.filter((one) => one && !(list.view.shares && /far|tick/.test(one.kind ?? ''))));
  const { next, problem, loaded } = list;
  const items = sorted(list, /** @type {Column[]} */ (columns.filter(Boolean)));
  if (!loaded) return problem ? failure(problem, list.reload) : list.view.slow ? skeleton() : waiting;
  if (!items.length && !next && !problem) return none;
  return html`<div class="card"><table class="rows" aria-busy=${list.busy ? 'true' : nothing}>
    <caption tabindex="-1"><span class="hidden">${caption}, ${items.length} shown${next ? ', there are more' : ''}</span></caption>
    <thead role="rowgroup"><tr role="row">${shown.map(({ label, kind = '', by }) => head(list, label, kind, by))}</tr></thead>
    <tbody role="rowgroup">${repeat(items, (item) => item[key], (item) => html`<tr role="row">${shown.map(({ kind = '', cell }) => (kind.includes('head')
      ? html`<th scope="row" role="rowheader" class=${kind}>${cell(item)}</th>` : html`<td role="cell" class=${kind}>${cell(item)}</td>`))}</tr>`)}</tbody>
  </table>${foot(list, order)}</div>`;
}

/** The head of a column: a button that sorts by it, where all rows are here. */
function head(list, label, kind, by) {
  const { sort } = list;
  const on = by && list.whole && sort.label === label;
  const press = () => { list.sort = { label, down: on && !sort.down }; list.view.update(); };
  const text = kind.includes('mute') ? html`<span class="hidden">${label}</span>` : label;
  return html`<th scope="col" role="columnheader" class=${kind} aria-sort=${on ? (sort.down ? 'descending' : 'ascending') : nothing}>${by && list.whole && list.items.length > 1
    ? html`<button type="button" class="link" @click=${press}>${label}${on ? html`<span aria-hidden="true"> ${sort.down ? '↓' : '↑'}</span>` : nothing}</button>` : text}</th>`;
}

const text = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** The rows by the chosen column. Rows without a value come last. */
function sorted({ items, whole, sort }, columns) {
  const by = whole && columns.find(({ label }) => label === sort.label)?.by;
  if (!by) return items;
  const sign = sort.down ? -1 : 1;
  return items.toSorted((a, b) => { const [x, y] = [by(a), by(b)]; return Number(x == null) - Number(y == null) || sign * text.compare(x ?? '', y ?? ''); });
}

/** How many rows are here and in which order, and the way to more. */
export function foot(list, order) {
  const { items, next, problem, busy } = list;
  if (problem) return html`<div class="foot">${failure(problem, items.length && next ? list.more : list.reload)}</div>`;
  if (!next) return nothing;
  return html`<div class="foot"><span class="muted">${items.length ? `${items.length} shown, there are more. ${order}.` : 'Nothing found so far'}</span>
    <button type="button" aria-disabled=${busy ? 'true' : nothing} @click=${() => busy || list.more()}>${busy ? 'Loading…' : items.length ? 'Load more' : 'Look further'}</button></div>`;
}

/** Puts the focus on the table, when the row that had it is gone. */
export function focusTable() {
  requestAnimationFrame(() => {
    if (document.activeElement && document.activeElement !== document.body) return;
    /** @type {HTMLElement | null} */ (document.querySelector('main caption') ?? document.querySelector('main h1'))?.focus();
  });
}
