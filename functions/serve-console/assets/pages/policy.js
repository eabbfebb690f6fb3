// @ts-check
// The policy: each value with its bounds and the preset's value, and a preview before it is saved.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { duration, fieldProblem, inWords, ruleInWords, valueInWords } from '../problems.js';
import { path } from '../router.js';
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

/** What a preview found so far. @param {{found: any[], looked: number, done: boolean}} preview */
function verdict({ found, looked, done }) {
  const n = found.length;
  const end = n ? `${n === 1 ? '1' : `These ${n}`} ${done ? `of ${looked} live keys` : n === 1 ? 'live key' : 'live keys'} would not be allowed:` : done ? 'Every live key would be allowed.' : '';
  return done ? end : `Looking at the keys… ${end}`;
}

export function open(view) {
  let organization;
  let policy;
  let problem;
  let loading;
  /** @type {{of: string, found: any[], looked: number, busy: boolean, done: boolean} | null} */ let preview = null;
  /** What was typed, as it was: an empty field is no 0. @type {Map<string, string>} */
  const typed = new Map();
  const load = async () => {
    loading = null;
    try {
      organization = await api.organization({}, { signal: view.signal });
      keep(organization);
      policy ??= structuredClone(organization.policy);
    } catch (failed) {
      loading = failed;
    }
    view.update();
  };
  load();
  const set = (group, name, value) => { (group ? group.split('.').reduce((at, part) => at[part], policy) : policy)[name] = value; problem = null; view.update(); };
  const same = () => JSON.stringify(policy) === JSON.stringify(organization.policy);
  const look = async () => {
    /** @type {NonNullable<typeof preview>} */ const mine = preview = { of: JSON.stringify(policy), found: [], looked: 0, busy: true, done: false };
    problem = null;
    view.update();
    try {
      for (let cursor; ;) {
        const page = await api.previewPolicy({ limit: 100, cursor }, { body: { policy }, signal: view.signal });
        if (mine !== preview) return;
        mine.found.push(...page.items);
        mine.looked += page.live_keys;
        cursor = page.next_cursor;
        view.update();
        if (!cursor) break;
      }
      mine.done = true;
    } catch (failed) {
      if (mine !== preview) return;
      problem = failed;
      preview = null;
    }
    mine.busy = false;
    view.update();
  };
  const save = async () => {
    const n = preview?.found.length ?? 0;
    const text = `It holds for keys created or changed from now on.${n ? ` ${n} existing ${n === 1 ? 'key' : 'keys'} would not be allowed; ${n === 1 ? 'it stays as it is' : 'they stay as they are'}.` : ''}`;
    const { ask, title: heading } = await import('../parts/dialog.js');
    const result = await ask({ title: heading('Save this policy?'), text, danger: false, label: 'Save policy', doing: 'Saving…', again: load, send: () => api.updateOrganization({}, { body: { policy }, match: organization.version }) });
    if (!result) return;
    organization = result.answer;
    policy = structuredClone(organization.policy);
    typed.clear();
    keep(organization);
    preview = null;
    view.update();
    say('Policy saved.');
  };
  return () => {
    const head = html`<div class="page-head"><div><h1 tabindex="-1">Policy</h1><p class="muted">A policy holds for keys created or changed from now on. Existing keys stay as they are.</p></div></div>`;
    if (!policy) return html`${head}${loading ? failure(loading, load) : view.slow ? skeleton(6) : waiting}`;
    const locked = why('WriteOrganization');
    const base = PRESETS[policy.preset];
    const at = (rule) => fieldProblem(problem, `policy.${rule}`, rule);
    const value = (rule, from) => rule.split('.').reduce((here, part) => here[part], from);
    const beside = (rule) => (JSON.stringify(value(rule, policy)) === JSON.stringify(value(rule, base)) ? '' : html` <span class="pill warn">changed</span>`);
    const preset = (rule, words = /** @type {(value: any) => any} */ (String)) => `Preset: ${words(value(rule, base))}`;
    const number = (rule, label, hint, unit = 1) => { const [group, name] = rule.split('.'); return field({ name: rule, label: html`${label}${beside(rule)}`, type: 'number', value: typed.get(rule) ?? String(value(rule, policy) / unit), min: '0', hint: `${hint}. ${preset(rule, (n) => (/_seconds$/.test(rule) ? duration(n) : n))}`, readonly: !!locked, error: at(rule), input: (text) => { typed.set(rule, text); set(group, name, Math.round(Number(text) * unit)); } }); };
    const box = (group, name, label) => html`<div>${check({ label: html`${label}${beside(`${group}.${name}`)}`, hint: preset(`${group}.${name}`, (on) => (on ? 'yes' : 'no')), checked: value(`${group}.${name}`, policy), disabled: !!locked, change: (on) => set(group, name, on) })}</div>`;
    const unit = (seconds) => (seconds % DAY ? seconds % 3600 ? 1 : 3600 : DAY);
    const [min, max, overlap] = ['lifetime.min_seconds', 'lifetime.max_seconds', 'rotation.max_overlap_seconds'].map((rule) => unit(value(rule, organization.policy)));
    const name = (size) => ({ 1: 'seconds', 3600: 'hours', [DAY]: 'days' })[size];
    const hollow = [...typed].some(([rule, text]) => rule !== 'days' && !text.trim()) ? 'Fill in every number first.' : '';
    const previewed = preview?.done && preview.of === JSON.stringify(policy);
    return html`${head}<form class="policy" novalidate @submit=${(event) => event.preventDefault()}>
      <section class="card pad"><h2>Preset</h2>${radios({ name: 'preset', label: 'Start from', value: policy.preset, row: true, change: (preset) => { if (!locked) { policy = { preset, ...structuredClone(PRESETS[preset]) }; typed.clear(); } view.update(); }, choices: [{ value: 'strict', label: 'Strict' }, { value: 'flexible', label: 'Flexible' }] })}</section>
      <section class="card pad"><h2>Keys for each user</h2><div class="three">${number('quota.owner', 'Owner', '0–100')}${number('quota.normal', 'Normal user', '0–100')}${number('quota.machine', 'Machine', '0–100')}</div></section>
      <section class="card pad"><h2>Lifetime</h2><div class="three">${number('lifetime.min_seconds', `Shortest, in ${name(min)}`, 'From 1 second', min)}${number('lifetime.max_seconds', `Longest, in ${name(max)}`, 'Up to 36,500 days', max)}${number('rotation.max_overlap_seconds', `Longest overlap of secrets, in ${name(overlap)}`, 'Up to 365 days', overlap)}</div>
        ${box('lifetime', 'allow_never', 'Keys may never expire')}
        ${radios({ name: 'extension', label: html`An expiry may move later${beside('extension')} <small class="hint">${preset('extension', (one) => EXTENSIONS[one].toLowerCase())}</small>`, value: policy.extension, change: (one) => { if (!locked) set('', 'extension', one); else view.update(); }, choices: Object.entries(EXTENSIONS).map(([one, label]) => ({ value: one, label })) })}</section>
      <section class="card pad"><h2>Notices</h2>${field({ name: 'days', label: html`Days before expiry${beside('notices.days_before')}`, value: typed.get('days') ?? policy.notices.days_before.join(', '), readonly: !!locked, hint: `At most ten numbers, 1–365, with commas. ${preset('notices.days_before', (all) => all.join(', '))}`, error: at('notices.days_before'), input: (text) => { typed.set('days', text); set('notices', 'days_before', lines(text).map(Number).filter((n) => n > 0)); } })}
        ${box('notices', 'on_expiry', 'Say when a key has expired')}${box('notices.tell', 'owners_for_machines', 'Tell owners about the keys of machines')}${box('notices.tell', 'owners', 'Tell owners about all keys')}${box('notices.tell', 'creator', 'Tell who created the key')}${box('notices.tell', 'modifier', 'Tell who last changed the key')}</section>
      ${preview ? html`<section class="card pad" aria-busy=${preview.busy ? 'true' : nothing}><h2>Preview</h2><p role="status">${verdict(preview)}</p><p class="muted">${preview.looked === 1 ? '1 key' : `${preview.looked} keys`} looked at.</p>
        ${preview.found.length ? html`<table class="plain-table"><caption class="hidden">Keys that would not be allowed</caption><thead><tr><th scope="col">Key</th><th scope="col">User</th><th scope="col">Rule</th></tr></thead><tbody>${preview.found.map((one) => html`<tr><th scope="row"><a class="short" href=${path('access-keys', one.access_key.key_id)}><bdi>${one.access_key.name}</bdi></a></th><td><bdi class="short">${one.access_key.user_name}</bdi></td><td>${ruleInWords(one.rule)}: ${valueInWords(one)}</td></tr>`)}</tbody></table>` : nothing}</section>` : nothing}
      ${problem && !problem.field ? problemLine(problem) : problem ? html`<p class="problem" role="alert">${inWords(problem)}</p>` : nothing}
      ${locked ? html`<p class="muted">${locked}</p>` : html`<div class="do"><button type="button" aria-disabled=${preview?.busy || hollow ? 'true' : nothing} aria-describedby=${hollow ? 'save-why' : nothing} @click=${() => preview?.busy || hollow || look()}>${preview?.busy ? 'Looking…' : 'Preview'}</button>${reasoned('Save', save, hollow || (same() ? 'Nothing is changed.' : previewed ? '' : 'Preview exactly these values first.'), 'save-why', 'primary')}</div>`}</form>`;
  };
}
