// @ts-check
// The roles of the organization.
import { catalogPage } from '../parts/catalog.js';

export const title = 'Roles';

export const open = catalogPage('role');
