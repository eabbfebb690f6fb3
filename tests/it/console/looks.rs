//! How pages and dialogs look: by the rules of WCAG 2.2, on a phone, in the dark. Pictures go to `target/screenshots`.

use kit::{Browser, Options, browse, browse_with, share};
use serde_json::json;

use super::scenes::{self, LONG, PLAIN, Scene};

/// Widths and color schemes. `AXE_VARIANTS=all` plays all four; otherwise the narrow light and the wide dark one.
const VARIANTS: [(u32, &str); 4] = [(320, "light"), (1280, "dark"), (1280, "light"), (320, "dark")];

/// Judges what is shown now, in the variants that are played.
async fn judge(browser: &Browser<'_>, state: &str) {
    let all = share::judges_all_variants();
    for (width, scheme) in &VARIANTS[..if all { 4 } else { 2 }] {
        browser.resize(*width, 900).await;
        browser.prefer(scheme).await;
        // The bar of a selection lies over rows until one has scrolled to the end, and what it covers counts as small.
        let end =
            "if (document.querySelector('.selected')) scrollTo(0, document.documentElement.scrollHeight)";
        browser.run(end, json!([])).await;
        let state = format!("{state}-{width}-{scheme}");
        browser.screenshot(&state).await;
        if *width == 320 {
            browser.fits(&state).await;
        }
        browser.is_accessible(&state).await;
    }
    browser.resize(1280, 900).await;
    browser.prefer("light").await;
}

/// Measures what is shown now in a window of 320 CSS pixels, and the sizes of all that one can press in both widths.
async fn measure(browser: &Browser<'_>, state: &str) {
    browser.can_be_pressed(state).await;
    browser.resize(320, 640).await;
    browser.screenshot(&format!("long-{state}")).await;
    browser.fits(state).await;
    browser.can_be_pressed(state).await;
    browser.resize(1280, 900).await;
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
#[cfg_attr(not(axe), ignore = "needs axe-core, which .ci/run fetches into target/ci-axe")]
fn every_page_keeps_the_rules_of_wcag_and_fits_a_phone() {
    browse(async |world, browser| {
        let scene = Scene::fill(world, &PLAIN).await;
        scenes::every_page(browser, &scene, async |name| judge(browser, name).await).await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
#[cfg_attr(not(axe), ignore = "needs axe-core, which .ci/run fetches into target/ci-axe")]
fn every_dialog_and_menu_keeps_the_rules_of_wcag_and_fits_a_phone() {
    browse(async |world, browser| {
        let scene = Scene::fill(world, &PLAIN).await;
        let look = async |name: &str| judge(browser, name).await;
        scenes::every_dialog(world, browser, (&scene, &PLAIN), look).await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
#[cfg_attr(not(axe), ignore = "needs axe-core, which .ci/run fetches into target/ci-axe")]
fn every_state_of_a_page_keeps_the_rules_of_wcag_and_fits_a_phone() {
    browse(async |world, browser| {
        let scene = Scene::fill(world, &PLAIN).await;
        let look = async |name: &str| judge(browser, name).await;
        scenes::every_state(world, browser, (&scene, &PLAIN), look).await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn no_page_scrolls_sideways_at_320_pixels_whatever_people_call_things() {
    browse(async |world, browser| {
        let scene = Scene::fill(world, &LONG).await;
        scenes::every_page(browser, &scene, async |name| measure(browser, name).await).await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn no_dialog_or_menu_scrolls_sideways_at_320_pixels_whatever_people_call_things() {
    browse(async |world, browser| {
        let scene = Scene::fill(world, &LONG).await;
        let look = async |name: &str| measure(browser, name).await;
        scenes::every_dialog(world, browser, (&scene, &LONG), look).await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn what_is_chosen_is_seen_where_the_system_forces_its_colors() {
    browse(async |world, browser| {
        let scene = Scene::fill(world, &PLAIN).await;
        browser.sign_in("alice", &scene.page(&format!("access-keys/{}", scene.key_id()))).await;
        browser.sees("All events of this key").await;
        browser.force_colors().await;
        browser.screenshot("forced-colors-key").await;
        let outlined = "return given.split(';').map((selector) => { const all = [...document.querySelectorAll(selector)]; return all.length > 0 && all.every((one) => getComputedStyle(one).outlineStyle === 'solid'); })";
        let chosen = ".rows tr:has([aria-current]);[aria-pressed=true]";
        assert_eq!(browser.with_module("time.js", outlined, json!(chosen)).await, json!([true, true]));
        let tabs = "return [...document.querySelectorAll('.tabs.wide a')].every((one) => one.hasAttribute('aria-current') !== (getComputedStyle(one).borderBottomColor === getComputedStyle(document.body).backgroundColor))";
        assert_eq!(browser.run(tabs, json!([])).await, json!(true));
        for (name, rest) in [("users", "users"), ("notifications", "me/notifications"), ("policy", "policy")]
        {
            browser.open(&scene.page(rest)).await;
            browser.ready().await;
            browser.screenshot(&format!("forced-colors-{name}")).await;
        }
        // A switch that is on differs from one that is off by more than where its knob is.
        browser.open(&scene.page("me/notifications")).await;
        browser.click("A key expires soon: inbox").await;
        browser.sees("Saved.").await;
        let colors = "return [...document.querySelectorAll('[role=switch]')].filter((one) => one.getAttribute('aria-label') !== null || one.labels.length).map((one) => [one.checked, getComputedStyle(one).backgroundColor])";
        let colors = browser.run(colors, json!([])).await;
        let of = |on: bool| {
            let found = colors.as_array().unwrap().iter().find(|one| one[0] == on);
            found.unwrap()[1].clone()
        };
        assert_ne!(of(true), of(false), "{colors}");
        browser.open(&scene.page("me/access-keys")).await;
        browser.click("Create New Key").await;
        browser.sees_on_top("A label to recognize it by").await;
        let chosen = ".choice:has(:checked)";
        assert_eq!(browser.with_module("time.js", outlined, json!(chosen)).await, json!([true]));
        browser.screenshot("forced-colors-create-key").await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
#[cfg_attr(not(axe), ignore = "needs axe-core, which .ci/run fetches into target/ci-axe")]
fn a_console_without_an_identity_provider_keeps_the_rules_of_wcag_and_fits_a_phone() {
    browse_with(Options::default(), async |_, browser| {
        scenes::not_configured(browser, async |name| judge(browser, name).await).await;
    });
}
