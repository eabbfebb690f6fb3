// @ts-check
// Welcome: creating an organization.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { createOrganization } from '../api.js';
import { fieldProblem } from '../problems.js';
import { go } from '../router.js';
import { loadOrganizations, state } from '../session.js';
import { problemLine } from '../parts/empty.js';
import { field, radios } from '../parts/field.js';
import { say } from '../parts/toast.js';

export const title = 'Create organization';

const ROWS = [['Keys for each owner, normal user, machine', '1, 1, 2', '50, 2, 2'], ['Lifetime of a key', '1–365 days', '1 hour – 10 years, or never'], ['Later expiry', 'No: create a new key', 'At any time'], ['Overlap of two secrets, at most', '7 days', '7 days'], ['Notice of expiry', '30, 7 and 2 days, and at expiry', '30, 7 and 2 days, and at expiry'], ['Who is told', 'The key\'s user; owners for machines', 'Also all owners, who created and who changed it']];

export function open(view) {
  const input = { name: '', policy: 'strict' };
  let busy = false;
  let problem;
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    problem = null;
    view.update();
    try {
      const { organization_id, name } = await createOrganization({}, { body: { name: input.name.trim(), policy: input.policy } });
      await loadOrganizations();
      go(`/console/${organization_id}/me/access-keys`);
      say(`${name} created.`);
    } catch (failed) {
      problem = failed;
    }
    busy = false;
    view.update();
  };
  return () => {
    const error = fieldProblem(problem, 'name');
    return html`<div class="narrow-page"><h1 tabindex="-1">${state.organizations.length ? 'Create organization' : 'Welcome'}</h1>
    ${state.organizations.length ? nothing : html`<p>You are signed in as <b>${state.email ?? state.name}</b>, and not a member of any organization yet.${state.verified ? ' Ask an owner to add this address, or create an organization.' : ''}</p>`}
    ${!state.verified ? html`<p class="warning">Your identity provider has not verified this address, so you can neither be found by it nor create an organization.</p>` : html`<form class="card pad" novalidate @submit=${submit}>
      ${field({ name: 'name', label: 'Name', value: input.name, max: 64, error, input: (value) => { input.name = value; } })}
      ${radios({ name: 'policy', label: 'Policy', value: input.policy, change: (value) => { input.policy = value; view.update(); }, choices: [{ value: 'strict', label: 'Strict' }, { value: 'flexible', label: 'Flexible' }] })}
      <table class="plain-table presets"><caption class="hidden">What the policies say</caption><thead><tr><th scope="col">Rule</th><th scope="col">Strict</th><th scope="col">Flexible</th></tr></thead><tbody>${ROWS.map(([rule, strict, flexible]) => html`<tr><th scope="row">${rule}</th><td>${strict}</td><td>${flexible}</td></tr>`)}</tbody></table>
      <p class="hint">Each value can be changed later.</p>${error ? nothing : problemLine(problem)}
      <div class="do"><button type="submit" class="primary" aria-disabled=${busy ? 'true' : nothing}>${busy ? 'Creating…' : 'Create organization'}</button></div></form>`}</div>`;
  };
}
