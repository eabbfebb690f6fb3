// Writes the accessibility tree as a screen reader meets it: a line for each thing, with its role, its name and its state.
const [nodes] = arguments;
const byId = new Map(nodes.map((node) => [node.nodeId, node]));
// Boxes without a meaning, and list items, whose content stands below the list.
const SKIPPED = new Set(['none', 'generic', 'LabelText', 'ListMarker', 'Section', 'listitem', 'rowgroup']);
// Their name is what is in them, which follows.
const FOLDED = new Set(['cell', 'rowheader', 'columnheader', 'alert', 'status']);
const FIELDS = new Set(['textbox', 'searchbox', 'spinbutton', 'Date', 'combobox']);
const STATES = new Set(['checked', 'pressed', 'expanded', 'selected', 'disabled', 'invalid', 'readonly', 'required', 'busy', 'modal', 'focused', 'hasPopup', 'level']);
// What differs from run to run: ids, times, addresses.
const redact = (text) => text
  .replace(/\b[a-z]{2}_[0-9A-Za-z]{20}(?:_?…[0-9A-Za-z]{4}|_•+)?/g, '[key]')
  .replace(/\b(?=[0-9A-Za-z]*\d|[0-9A-Za-z][0-9a-z]*[A-Z])[0-9A-Za-z]{12,}\b=?/g, '[id]')
  .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '[id]')
  .replace(/\d{1,2} [A-Z][a-z]+ \d{4}(,? (at )?\d\d:\d\d(:\d\d)?)?( \((GMT|UTC)[^)]*\))?( · \d\d:\d\d:\d\d UTC)?/g, '[time]')
  .replace(/\bjust now\b|\bin a moment\b|\b\d+ minutes? ago\b/g, '[just now]')
  .replace(/127\.0\.0\.1(:\d+)?/g, '[address]')
  .replace(/\s+/g, ' ').trim();
const read = (field) => redact(String(field?.value ?? ''));
const childrenOf = (node) => (node.childIds ?? []).map((id) => byId.get(id)).filter(Boolean);
const join = (one, two) => (/^[,.:;!?)”]/.test(two) || /[(“]$/.test(one) ? one + two : `${one} ${two}`);
const lines = [];

function states(node) {
  const said = [];
  for (const { name, value: { value: is } } of node.properties ?? []) {
    const off = is === false || is === 'false';
    if (!STATES.has(name) || (off && !/expanded|checked|pressed/.test(name)) || (name === 'level' && node.role.value !== 'heading') || (name === 'focused' && node.role.value === 'RootWebArea')) continue;
    said.push(off || (is !== true && is !== 'true') ? `${name}=${is}` : name);
  }
  return said.length ? ` [${said.sort().join(' ')}]` : '';
}

// The texts of a thing that has nothing else in it.
function textOf(node) {
  let text = '';
  for (const child of childrenOf(node)) {
    const plain = child.role?.value === 'StaticText';
    const inner = plain ? child.name?.value ?? '' : child.ignored || child.role?.value === 'generic' ? textOf(child) : null;
    if (inner === null) return null;
    text = join(text, inner);
  }
  return text;
}

function walk(node, depth, within) {
  const role = node.role?.value ?? 'none';
  const indent = '  '.repeat(depth);
  if (node.ignored || SKIPPED.has(role)) return walkAll(childrenOf(node), depth, role === 'LabelText' ? null : within);
  // The page does not wait for the count of the inbox, so a reader may meet it without.
  if (role === 'banner') return lines.push(`${indent}banner: ${named(node).join(' · ').replace(/Inbox, \d+ unread/, 'Inbox')}`);
  const text = textOf(node);
  let name = read(node.name) || redact(text ?? '');
  const at = lines.push('') - 1;
  const value = FIELDS.has(role) ? read(node.value) : role === 'group' && text && !name.includes(redact(text)) ? redact(text) : '';
  const described = read(node.description);
  if (!FIELDS.has(role) && text === null) walkAll(childrenOf(node), depth + 1, FOLDED.has(role) ? '' : name || within);
  if (role === 'table') sortRows(at, depth + 2);
  if (FOLDED.has(role) && lines.length > at + 1) name = '';
  lines[at] = `${indent}${role}${name ? ` "${name}"` : ''}${states(node)}${value ? ` = "${value}"` : ''}${described ? ` (${described})` : ''}`;
}

// Texts that follow each other are one. A text that the name around it has already is left out.
function walkAll(all, depth, within) {
  let text = '';
  const flush = () => {
    const said = redact(text);
    if (said && within !== null && !within.includes(said)) lines.push(`${'  '.repeat(depth)}"${said}"`);
    text = '';
  };
  for (const node of all) {
    if (node.role?.value === 'StaticText') text = join(text, node.name?.value ?? '');
    else {
      flush();
      walk(node, depth, within);
    }
  }
  flush();
}

// The bar is the same on all pages: what one can press in it, in a line.
const named = (node) => [...(!node.ignored && /^(link|button)$/.test(node.role?.value) ? [read(node.name)] : []), ...childrenOf(node).flatMap(named)];

// Random ids decide the order of some lists, so rows stand in the order of their texts, below the row of the heads.
function sortRows(from, depth) {
  const at = lines.findIndex((line, i) => i > from && line === `${'  '.repeat(depth - 1)}row`);
  if (at < 0) return;
  const rows = [];
  for (const line of lines.splice(at)) line === `${'  '.repeat(depth - 1)}row` ? rows.push([line]) : rows.at(-1).push(line);
  const [head, ...rest] = rows;
  lines.push(...head, ...rest.sort((one, two) => (one.join() < two.join() ? -1 : 1)).flat());
}

// Of a menu or popover, itself alone. Of a dialog the browser does the same.
const popover = document.querySelector('[popover]:popover-open');
const label = popover?.getAttribute('aria-label') ?? popover?.querySelector('[role=menu]')?.getAttribute('aria-label');
walk(nodes.find((node) => (popover ? !node.ignored && /^(menu|group)$/.test(node.role?.value) && node.name?.value === label : !node.parentId)), 0, '');
if (popover) return lines.join('\n');
const current = [...document.querySelectorAll('[aria-current]')].filter((one) => one.checkVisibility()).map((one) => redact(one.textContent));
if (current.length) lines.push(`current: ${current.join(', ')}`);
return lines.join('\n');
