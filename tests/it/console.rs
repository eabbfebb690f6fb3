//! The console: signing in and out, what its sessions are worth, and its pages in a browser.

mod as_documented;
mod budget;
mod endings;
mod key_details;
mod key_pane;
mod keyboard;
mod lists;
mod loading;
mod long_lists;
mod looks;
mod messages;
mod mirrors;
mod own_keys;
mod people;
mod policy;
mod provider_faults;
mod races;
mod scenes;
mod secret_dialog;
mod secret_ends;
mod sentences;
mod session;
mod sessions_in_a_browser;
mod sign_in;
mod sign_in_refused;
mod sign_out;
mod strangers;
mod tree;
mod users_management;
mod words;

use kit::{Browser, Organization};

/// Returns the path of the page of one's own keys.
fn keys_page(organization: &Organization) -> String {
    page(organization, "me/access-keys")
}

/// Returns the path of a page of an organization.
fn page(organization: &Organization, rest: &str) -> String {
    format!("/console/{}/{rest}", organization.id)
}

/// Copies the token that the dialog shows, and takes note of it as a secret.
async fn token(browser: &Browser<'_>) -> String {
    browser.sees_on_top("This is the only time it is shown.").await;
    browser.click("Copy token").await;
    browser.sees_on_top("Token copied.").await;
    let token = browser.clipboard().await;
    browser.note(&token);
    browser.note(token.rsplit('_').next().unwrap());
    token
}
