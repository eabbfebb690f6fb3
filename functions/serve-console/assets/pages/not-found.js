// @ts-check
// A path that no page has.
import { html } from '../vendor/lit-html/lit-html.js';

export const title = 'Not found';

export const open = () => () => html`<h1 tabindex="-1">Not found</h1><div class="empty"><p>There is nothing here. It may have been deleted, or belong to another organization.</p><a class="button" href="/console">Go to your keys</a></div>`;
