// @ts-check
// Nobody is signed in: after a sign-out, after a sign-in that failed, or where none is set up.
import { html, nothing } from '../vendor/lit-html/lit-html.js';
import { state } from '../session.js';

export const title = 'Sign in';

const REASONS = {
  denied: 'The sign-in was cancelled.',
  expired: 'The sign-in took too long. Try again.',
  mismatch: 'This sign-in was begun in another window or browser. Try again.',
  issuer: 'The identity provider did not answer as expected. Try again; if it stays so, ask whoever runs this service.',
  email_missing: 'Your identity provider told no e-mail address. Ask whoever runs this service.',
  unavailable: 'You signed in, but the service could not keep it. Try again.',
  no_session: 'You signed in, but this browser did not keep the session. Allow cookies for this site, then try again.',
};

export function open(view) {
  const failed = location.pathname.endsWith('/sign-in-failed');
  const reason = REASONS[view.parameters.reason ?? view.query.get('reason')] ?? (failed ? 'The sign-in failed. Try again.' : '');
  const configured = state.ready && view.parameters.reason !== 'not_configured';
  return () => html`<div class="plain"><h1 tabindex="-1">Access keys</h1>
    ${!configured ? html`<p>Signing in is not set up here. Whoever runs this service gives the stack the parameter <code>ConsoleClientId</code>, and registers the address of <code>/console/callback</code> at the identity provider.</p>`
    : reason ? html`<p role="alert">${reason}</p>`
    : location.pathname.endsWith('/signed-out') && !state.signedIn ? html`<p>You are signed out.</p>` : nothing}
    ${configured ? html`<p><a class="button primary" href="/console/sign-in?return_to=%2Fconsole">Sign in</a></p>` : nothing}</div>`;
}
