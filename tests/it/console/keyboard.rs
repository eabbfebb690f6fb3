//! The keyboard alone: menus, popovers, the search box, and where the focus is after a change.

use kit::{Browser, Organization, World, browse};
use serde_json::json;

use super::{keys_page, page};

async fn with_keys(world: &World, names: &[&str]) -> Organization {
    let organization = world.organization("alice", "flexible").await;
    for name in names {
        let body = json!({"name": name, "expires_in_days": 30});
        organization.owner.post(&organization.keys_of("me"), body).await.expect(201);
    }
    organization
}

/// Counts what lies open on the page.
async fn open(browser: &Browser<'_>) -> serde_json::Value {
    browser
        .run("return document.querySelectorAll('dialog[open], [popover]:popover-open').length", json!([]))
        .await
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn arrow_keys_open_a_menu_and_move_in_it_and_escape_and_tab_leave_it() {
    browse(async |world, browser| {
        let organization = with_keys(world, &["laptop"]).await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        for (button, first, second, last) in [
            ("Actions for laptop", "Key details", "View permissions", "Delete"),
            ("Menu of alice", "My Account", "Users Management", "Sign out everywhere"),
        ] {
            browser.tab_to(button).await;
            for (keys, focused) in [
                (&["Down"][..], first),
                (&["Down"], second),
                (&["Up", "Up"], last),
                (&["Down"], first),
                (&["End"], last),
                (&["Home"], first),
                (&["Escape"], button),
                (&["Enter"], first),
                (&["Escape"], button),
            ] {
                browser.press(keys).await;
                browser.has_focus(focused).await;
            }
            browser.press(&["Down"]).await;
            browser.has_focus(first).await;
            browser.press(&["Tab"]).await;
            assert_eq!(open(browser).await, 0, "Tab leaves {button}");
        }
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_button_closes_what_it_opened_and_escape_leads_back_to_it() {
    browse(async |world, browser| {
        let organization = with_keys(world, &["laptop"]).await;
        browser.sign_in("alice", &page(&organization, "access-keys")).await;
        for (button, inside) in [
            ("Organization: alice's", "Create organization"),
            ("Inbox", "Open inbox"),
            ("Menu of alice", "Sign out everywhere"),
            ("Actions for laptop", "View permissions"),
        ] {
            browser.click(button).await;
            browser.sees_on_top(inside).await;
            browser.click_in("body", button).await;
            browser.sees_no(inside).await;
            assert_eq!(open(browser).await, 0, "{button} closes what it opened");
            assert_eq!(browser.attribute(button, "aria-expanded").await, "false");
            browser.click(button).await;
            browser.sees_on_top(inside).await;
            browser.press(&["Escape"]).await;
            browser.has_focus(button).await;
            assert_eq!(open(browser).await, 0, "Escape closes {button}");
        }
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_slash_leads_to_the_search_box_and_is_a_letter_in_fields() {
    browse(async |world, browser| {
        let organization = with_keys(world, &["a/b"]).await;
        browser.sign_in("alice", &page(&organization, "access-keys")).await;
        browser.row("a/b").await;
        browser.write("/").await;
        browser.has_focus("Name, or a pasted key").await;
        browser.write("a/").await;
        browser.is_at(&page(&organization, "access-keys?q=a%2F")).await;
        assert_eq!(browser.value("Name, or a pasted key").await, "a/");
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn the_focus_is_on_the_heading_after_a_page_and_on_the_list_after_a_row_is_gone() {
    browse(async |world, browser| {
        let organization = with_keys(world, &["laptop", "phone"]).await;
        browser.sign_in("alice", &keys_page(&organization)).await;
        browser.click("phone").await;
        browser.sees("This key may do everything that its user may.").await;
        browser.has_focus("phone").await;
        browser.click("Users").await;
        browser.has_focus("Users Management").await;
        browser.click("alice").await;
        browser.has_focus("Your profile").await;
        browser.click("Access Keys").await;
        browser.has_focus("Your access keys").await;
        browser.row("laptop").await;
        browser.choose("laptop", "Delete").await;
        browser.click("Delete key").await;
        browser.sees("Key laptop deleted.").await;
        browser.has_focus("Your access keys, 1 shown").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn what_a_dialog_does_is_said_in_it() {
    browse(async |world, browser| {
        let organization = world.organization("alice", "flexible").await;
        browser.sign_in("alice", &page(&organization, "audit")).await;
        browser.click("Details of Organization created").await;
        browser.click("Copy request id").await;
        browser.sees_on_top("Request id copied.").await;
        assert!(browser.tree().await.contains("status \"Request id copied.\""));
        browser.click("Close").await;
        browser.sees("Request id copied.").await;
        assert_eq!(
            browser.run("return document.querySelectorAll('body > .toasts').length", json!([])).await,
            1
        );
    });
}
