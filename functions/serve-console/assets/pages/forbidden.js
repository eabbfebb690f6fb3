// @ts-check
// The organization of the address cannot be entered: it is not there, is suspended, or is another's.
import { html } from '../vendor/lit-html/lit-html.js';
import { current, state } from '../session.js';
import { failure } from '../parts/empty.js';

export const title = 'No access';

export function open() {
  const again = () => dispatchEvent(new Event('moved'));
  return () => {
    const organization = current();
    if (!/forbidden/.test(state.problem?.code)) return html`<h1 tabindex="-1">Not loaded</h1>${failure(state.problem ?? { code: 'unavailable' }, again)}`;
    if (!organization) return html`<h1 tabindex="-1">Not found</h1><div class="empty"><p>There is nothing here. It may have been deleted, or belong to another organization.</p><a class="button" href="/console">Go to your organizations</a></div>`;
    return html`<h1 tabindex="-1">No access</h1><div class="empty"><p><bdi>${organization.name}</bdi> is suspended, or you are not a member.</p><button type="button" @click=${again}>Try again</button></div>`;
  };
}
