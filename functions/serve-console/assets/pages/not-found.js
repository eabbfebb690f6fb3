// @ts-check
// A path that no page has.
import { html } from '../vendor/lit-html/lit-html.js';
import { failure } from '../parts/empty.js';

export const title = 'Not found';

export const open = () => () => html`<h1 tabindex="-1">Not found</h1>${failure({ code: 'not_found' })}`;
