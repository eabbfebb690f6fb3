// @ts-check
// The organization: its name, its id, and how to stop and delete it.
import { html } from '../vendor/lit-html/lit-html.js';
import * as api from '../api.js';
import { inWords } from '../problems.js';
import { go } from '../router.js';
import { current, forget, keep, loadOrganizations, why } from '../session.js';
import { when } from '../time.js';
import { code } from '../parts/copy.js';
import { failure, skeleton, waiting } from '../parts/empty.js';
import { pill } from '../parts/icon.js';
import { reasoned } from '../parts/key-table.js';
import { alarm, say } from '../parts/toast.js';

export const title = 'Organization settings';

export function open(view) {
  let organization;
  let problem;
  const show = (now) => { organization = now; keep(now); view.update(); };
  const load = async () => {
    problem = null;
    try { show(await api.organization({}, { signal: view.signal })); } catch (failed) { problem = failed; }
    view.update();
  };
  const change = (body) => api.updateOrganization({}, { body, match: organization.version });
  const rename = async () => {
    let { name } = organization;
    const [{ formDialog, title: heading }, { field }] = await Promise.all([import('../parts/dialog.js'), import('../parts/field.js')]);
    const result = await formDialog({ title: heading('Rename “', organization.name, '”'), label: 'Save', doing: 'Saving…', again: load, send: () => change({ name: name.trim() }),
      body: (at) => field({ name: 'name', label: 'Name', value: name, max: 64, focus: true, error: at('name'), input: (value) => { name = value; } }) });
    if (result) { show(result.answer); say('Name changed.'); }
  };
  const suspend = async () => {
    const { name } = organization;
    const { ask, title: heading } = await import('../parts/dialog.js');
    const result = await ask({ title: heading('Suspend ', name, '?'), label: `Suspend ${name}`, doing: 'Suspending…', typed: name, again: load, send: () => change({ status: 'suspended' }),
      text: html`All keys of <bdi>${name}</bdi> are refused within ten seconds, yours included, and nobody can sign in but owners, to lift it.` });
    if (result) { show(result.answer); say(`${name} suspended.`); }
  };
  const lift = async () => {
    try { show(await change({ status: 'active' })); say('Suspension lifted.'); } catch (failed) { alarm(inWords(failed)); }
  };
  const remove = async () => {
    const { name } = organization;
    const { ask, title: heading } = await import('../parts/dialog.js');
    const result = await ask({ title: heading('Delete ', name, '?'), label: `Delete ${name}`, doing: 'Deleting…', text: 'All its users and keys disappear. This cannot be undone.', send: () => api.deleteOrganization() });
    if (!result) return;
    forget();
    await loadOrganizations();
    go('/console');
    say(`${name} deleted.`);
  };
  load();
  return () => {
    const off = organization?.status === 'suspended';
    const write = why('WriteOrganization');
    return html`<div class="page-head"><h1 tabindex="-1">Organization settings</h1></div>${problem ? failure(problem, load) : !organization ? view.slow ? skeleton(4) : waiting : html`
    <div class="columns"><section class="card pad" aria-label="Organization"><dl><dt>Name</dt><dd><bdi>${organization.name}</bdi></dd><dt>Tenant id</dt><dd>${code(organization.organization_id, 'tenant id')}</dd>
      <dt>Status</dt><dd>${pill(organization.status)}</dd><dt>Created</dt><dd>${when(organization.created_at)}</dd></dl>
      <div class="do">${reasoned('Rename', rename, write || (off ? 'Lift the suspension first.' : ''), 'rename-why')}</div></section>
    <section class="card pad"><h2>Stop everybody</h2><p>A suspended organization keeps everything, and refuses all its keys and sign-ins.</p><div class="do">
      ${off ? reasoned('Lift suspension', lift, write || (current()?.user_kind === 'owner' ? '' : 'Owners alone lift a suspension.'), 'lift-why', 'primary') : reasoned('Suspend organization', suspend, write, 'suspend-why', 'danger-quiet')}
      ${reasoned('Delete organization', remove, why('DeleteOrganization') || (off ? '' : 'An organization can be deleted when it has been suspended for 7 days.'), 'delete-why', 'danger-quiet')}</div></section></div>`}`;
  };
}
