// @ts-check
// The groups of the organization.
import { catalogPage } from '../parts/catalog.js';

export const title = 'Groups';

export const open = catalogPage('group');
