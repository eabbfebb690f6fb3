// @ts-check
// The policy: each value with its bounds and the preset's value, and a preview before it is saved.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { duration, fieldProblem } from '../problems.js';
import { keep, why } from '../session.js';
import { failure, problemLine, skeleton, waiting } from '../parts/empty.js';
import { check, field, lines, radios } from '../parts/field.js';
import { reasoned } from '../parts/key-table.js';
import { say } from '../parts/toast.js';

export const title = 'Policy';

const DAY = 86400;
const tell = (all) => ({ owners_for_machines: true, owners: all, creator: all, modifier: all });
const notices = (all) => ({ days_before: [30, 7, 2], on_expiry: true, tell: tell(all) });
/** The presets of shared/domain/src/policy/preset.rs. */
export const PRESETS = {
  strict: { quota: { owner: 1, normal: 1, machine: 2 }, lifetime: { min_seconds: DAY, max_seconds: 365 * DAY, allow_never: false }, extension: 'none', rotation: { max_overlap_seconds: 7 * DAY }, notices: notices(false) },
  flexible: { quota: { owner: 50, normal: 2, machine: 2 }, lifetime: { min_seconds: 3600, max_seconds: 3650 * DAY, allow_never: true }, extension: 'any_time', rotation: { max_overlap_seconds: 7 * DAY }, notices: notices(true) },
};
const EXTENSIONS = { none: 'Never: an expired key needs a new one', before_expiry: 'Before it expires', any_time: 'At any time, also after it expired' };

/** Every value and its name. */
const NAMES = {
  preset: 'Preset',
  'quota.owner': 'Keys for each owner',
  'quota.normal': 'Keys for each normal user',
  'quota.machine': 'Keys for each machine',
  'lifetime.min_seconds': 'Shortest lifetime',
  'lifetime.max_seconds': 'Longest lifetime',
  'lifetime.allow_never': 'Keys may never expire',
  extension: 'An expiry may move later',
  'rotation.max_overlap_seconds': 'Longest overlap of secrets',
  'notices.days_before': 'Days before expiry',
  'notices.on_expiry': 'Say when a key has expired',
  'notices.tell.owners_for_machines': 'Tell owners about the keys of machines',
  'notices.tell.owners': 'Tell owners about all keys',
  'notices.tell.creator': 'Tell who created the key',
  'notices.tell.modifier': 'Tell who last changed the key',
};

const valueOf = (policy, rule) => rule.split('.').reduce((at, part) => at[part], policy);

function setValue(policy, rule, value) {
  const parts = rule.split('.');
  const last = parts.pop();
  parts.reduce((at, part) => at[part], policy)[last] = value;
}

const isSame = (a, b, rule) => JSON.stringify(valueOf(a, rule)) === JSON.stringify(valueOf(b, rule));

/** A value in words. */
function inWords(policy, rule) {
  const value = valueOf(policy, rule);
  if (rule.endsWith('_seconds')) return duration(value);
  if (Array.isArray(value)) return value.join(', ') || 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return rule === 'extension' ? EXTENSIONS[value].toLowerCase() : String(value);
}

/** The unit in which seconds are entered: the largest that divides them. */
const unitOf = (seconds) => (seconds % DAY ? seconds % 3600 ? 1 : 3600 : DAY);
const UNITS = { 1: 'seconds', 3600: 'hours', [DAY]: 'days' };

/** The rule that a text breaks because it is no number; an empty text where it is one. Bounds are checked by the API. */
function brokenNumber(text, unit) {
  if (!text.trim() || !Number.isFinite(Number(text))) return 'Must be a number.';
  return unit === 1 && !Number.isInteger(Number(text)) ? 'Must be a whole number.' : '';
}

/** The same for a list of them. */
function brokenList(parts) {
  const odd = parts.find((part) => !/^-?\d+$/.test(part));
  return odd === undefined ? '' : `Must be whole numbers with commas between them: “${odd}” is none.`;
}

/**
 * Puts what somebody else changed into what is being edited. A value that both changed stays as it is here.
 * @returns {{rule: string, name: string, was: string, now: string, mine: string}[]} what they changed, in words; `mine` where the reader changed it too
 */
function merge(mine, before, after) {
  const rules = Object.keys(NAMES).filter((rule) => !isSame(before, after, rule));
  return rules.map((rule) => {
    const both = !isSame(mine, before, rule) && !isSame(mine, after, rule);
    if (!both) setValue(mine, rule, structuredClone(valueOf(after, rule)));
    return { rule, name: NAMES[rule], was: inWords(before, rule), now: inWords(after, rule), mine: both ? inWords(mine, rule) : '' };
  });
}

export function open(view) {
  let organization;
  let policy;
  let problem;
  let loading;
  /** @type {Record<string, number>} */ let units = {};
  /** @type {typeof import('../parts/policy-review.js') | undefined} */ let review;
  /** @type {import('../parts/policy-review.js').Preview | null} */ let preview = null;
  /** @type {ReturnType<typeof merge>} */ let changes = [];
  /** What was typed, as it was: an empty field is no 0. @type {Map<string, string>} */
  const typed = new Map();
  const take = (found) => {
    organization = found;
    keep(found);
    policy = structuredClone(found.policy);
    // The units stay while somebody types, whatever others change.
    units = Object.fromEntries(Object.keys(NAMES).filter((rule) => rule.endsWith('_seconds')).map((rule) => [rule, unitOf(valueOf(policy, rule))]));
    typed.clear();
  };
  const load = async () => {
    loading = null;
    try {
      take(await api.organization({}, { signal: view.signal }));
    } catch (failed) {
      loading = failed;
    }
    view.update();
  };
  load();
  /** Reads what somebody else saved; answers whether it is about the policy. */
  const reread = async () => {
    const before = organization.policy;
    organization = await api.organization({}, { signal: view.signal });
    keep(organization);
    changes = merge(policy, before, organization.policy);
    for (const { rule, mine } of changes) if (!mine) typed.delete(rule);
    view.update();
    return changes.length > 0;
  };
  const set = (rule, value) => { setValue(policy, rule, value); problem = null; view.update(); };
  const type = (rule, text, value, broken) => { typed.set(rule, text); if (broken) view.update(); else set(rule, value); };
  const broken = (rule) => {
    const text = typed.get(rule);
    if (text === undefined) return '';
    return rule === 'notices.days_before' ? brokenList(lines(text)) : brokenNumber(text, units[rule] ?? 1);
  };
  const same = () => Object.keys(NAMES).every((rule) => isSame(policy, organization.policy, rule));
  const look = async () => {
    review ??= await import('../parts/policy-review.js');
    /** @type {NonNullable<typeof preview>} */ const mine = preview = { of: JSON.stringify(policy), found: 0, listed: [], looked: 0, busy: true, done: false };
    problem = null;
    view.update();
    try {
      await review.look(mine, policy, view.signal, () => { view.update(); return mine === preview; });
    } catch (failed) {
      if (mine !== preview) return;
      problem = failed;
      preview = null;
    }
    mine.busy = false;
    view.update();
  };
  const save = async () => {
    const n = preview?.found ?? 0;
    const shown = changes;
    const text = `It holds for keys created or changed from now on.${n ? ` ${n} existing ${n === 1 ? 'key' : 'keys'} would not be allowed; ${n === 1 ? 'it stays as it is' : 'they stay as they are'}.` : ''}`;
    const { ask, title: heading } = await import('../parts/dialog.js');
    const result = await ask({ title: heading('Save this policy?'), text, danger: false, label: 'Save policy', doing: 'Saving…', again: reread, send: () => api.updateOrganization({}, { body: { policy }, match: organization.version }) });
    if (!result) return changes !== shown && document.getElementById('meanwhile')?.focus();
    take(result.answer);
    preview = null;
    changes = [];
    view.update();
    say('Policy saved.');
  };
  return () => {
    const head = html`<div class="page-head"><div><h1 tabindex="-1">Policy</h1><p class="muted">A policy holds for keys created or changed from now on. Existing keys stay as they are.</p></div></div>`;
    if (!policy) return html`${head}${loading ? failure(loading, load) : view.slow ? skeleton(6) : waiting}`;
    const locked = why('WriteOrganization');
    const base = PRESETS[policy.preset];
    const at = (rule) => broken(rule) || fieldProblem(problem, `policy.${rule}`, rule);
    const named = (rule, label) => html`${label}${isSame(policy, base, rule) ? '' : html` <span class="pill warn">changed</span>`}`;
    const preset = (rule) => `Preset: ${inWords(base, rule)}`;
    const number = (rule, label, hint) => {
      const unit = units[rule] ?? 1;
      return field({ name: rule, label: named(rule, units[rule] ? `${label}, in ${UNITS[unit]}` : label), type: 'number', value: typed.get(rule) ?? String(valueOf(policy, rule) / unit), min: '0', hint: `${hint}. ${preset(rule)}`, readonly: !!locked, error: at(rule), input: (text) => type(rule, text, Math.round(Number(text) * unit), brokenNumber(text, unit)) });
    };
    const box = (rule) => html`<div>${check({ label: named(rule, NAMES[rule]), hint: preset(rule), checked: valueOf(policy, rule), disabled: !!locked, change: (on) => set(rule, on) })}</div>`;
    const days = 'notices.days_before';
    const wrong = [...typed.keys()].find(broken);
    const hollow = wrong ? `Correct this first: ${NAMES[wrong].toLowerCase()}.` : '';
    const fits = preview?.done && preview.of === JSON.stringify(policy);
    return html`${head}<form class="policy" novalidate @submit=${(event) => event.preventDefault()}>${changes.length ? review?.meanwhile(changes) : nothing}
      <section class="card pad"><h2>Preset</h2>${radios({ name: 'preset', label: 'Start from', value: policy.preset, row: true, change: (preset) => { if (!locked) { policy = { preset, ...structuredClone(PRESETS[preset]) }; typed.clear(); } view.update(); }, choices: [{ value: 'strict', label: 'Strict' }, { value: 'flexible', label: 'Flexible' }] })}</section>
      <section class="card pad"><h2>Keys for each user</h2><div class="three">${number('quota.owner', 'Owner', '0–100')}${number('quota.normal', 'Normal user', '0–100')}${number('quota.machine', 'Machine', '0–100')}</div></section>
      <section class="card pad"><h2>Lifetime</h2><div class="three">${number('lifetime.min_seconds', 'Shortest', 'From 1 second')}${number('lifetime.max_seconds', 'Longest', 'Up to 36,500 days')}${number('rotation.max_overlap_seconds', NAMES['rotation.max_overlap_seconds'], 'Up to 365 days')}</div>
        ${box('lifetime.allow_never')}
        ${radios({ name: 'extension', label: html`${named('extension', NAMES.extension)} <small class="hint">${preset('extension')}</small>`, value: policy.extension, change: (one) => { if (!locked) set('extension', one); else view.update(); }, choices: Object.entries(EXTENSIONS).map(([one, label]) => ({ value: one, label })) })}</section>
      <section class="card pad"><h2>Notices</h2>${field({ name: 'days', label: named(days, NAMES[days]), value: typed.get(days) ?? policy.notices.days_before.join(', '), readonly: !!locked, hint: `At most ten numbers, 1–365, with commas. ${preset(days)}`, error: at(days), input: (text) => { const parts = lines(text); type(days, text, parts.map(Number), brokenList(parts)); } })}
        ${['on_expiry', 'tell.owners_for_machines', 'tell.owners', 'tell.creator', 'tell.modifier'].map((one) => box(`notices.${one}`))}</section>
      ${preview ? review?.previewed(preview) : nothing}
      ${problem && !problem.field ? problemLine(problem) : problem ? html`<p class="problem" role="alert">${NAMES[problem.field.replace('policy.', '')] ?? problem.field}: ${problem.rule}.</p>` : nothing}
      ${locked ? html`<p class="muted">${locked}</p>` : html`<div class="do"><button type="button" aria-disabled=${preview?.busy || hollow ? 'true' : nothing} aria-describedby=${hollow ? 'save-why' : nothing} @click=${() => preview?.busy || hollow || look()}>${preview?.busy ? 'Looking…' : 'Preview'}</button>${reasoned('Save', save, hollow || (same() ? 'Nothing is changed.' : fits ? '' : 'Preview exactly these values first.'), 'save-why', 'primary')}</div>`}</form>`;
  };
}
