// What people look for on a page, by its name. The last argument is what ends the search.
const tidy = (text) => (text ?? '').replace(/\s+/g, ' ').trim();
const seen = (element) => element.checkVisibility({ visibilityProperty: true });
// What lies on top: the newest dialog or popover, else the page.
const top = () => [...document.querySelectorAll('dialog[open], [popover]:popover-open')].at(-1) ?? document.body;
const named = (element) => tidy(element.getAttribute('aria-label')
  || (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ').trim()
  || [...(element.labels ?? [])].map((label) => label.innerText).join(' ')
  || element.innerText || element.title);
const KINDS = {
  click: 'button, a[href], summary, [role=menuitem], input[type=radio], input[type=checkbox]',
  field: 'input:not([type=radio], [type=checkbox], [type=hidden]), textarea, select',
};
function find(kind, name) {
  const all = [...top().querySelectorAll(KINDS[kind])].filter(seen);
  const exact = all.filter((one) => named(one) === name);
  const found = exact.length ? exact : all.filter((one) => named(one).startsWith(name));
  return found.length === 1 ? found[0] : null;
}
const text = () => tidy(document.body.innerText);
// The cells of a row by the names of their columns.
function row(name) {
  for (const line of top().querySelectorAll('tbody tr')) {
    const cells = [...line.children];
    const head = cells.find((cell) => cell.matches('th'));
    if (!head || !seen(line) || !tidy(head.innerText).startsWith(name)) continue;
    const labels = [...line.closest('table').querySelectorAll('thead th')].map((label) => tidy(label.textContent));
    return Object.fromEntries(cells.map((cell, i) => [labels[i], tidy(cell.innerText)]));
  }
  return null;
}
const LOOKS = {
  find, row,
  text: (wanted) => text().includes(wanted),
  gone: (wanted) => !text().includes(wanted),
  on: (wanted) => tidy(top().innerText).includes(wanted),
  path: (wanted) => location.pathname + location.search === wanted,
  focus: (wanted) => document.activeElement && named(document.activeElement).startsWith(wanted),
  ready: () => document.readyState === 'complete' && !!document.querySelector('main h1') && !document.querySelector('[aria-busy=true]'),
};
const [look, given] = arguments;
const done = arguments[arguments.length - 1];
const until = Date.now() + 8000;
(function again() {
  const found = LOOKS[look](...given);
  if (found || Date.now() > until) done(found || null); else setTimeout(again, 15);
})();
