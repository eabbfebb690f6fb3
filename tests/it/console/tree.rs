//! Every page and dialog as a screen reader meets it: roles, names and states, as snapshots.

use insta::assert_snapshot;
use kit::{Options, browse, browse_with};

use super::scenes::{self, PLAIN, Scene};

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn every_page_is_read_out_as_its_snapshot_says() {
    browse(async |world, browser| {
        let scene = Scene::fill(world, &PLAIN).await;
        scenes::every_page(browser, &scene, async |name| assert_snapshot!(name, browser.tree().await)).await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn every_dialog_and_menu_is_read_out_as_its_snapshot_says() {
    browse(async |world, browser| {
        let scene = Scene::fill(world, &PLAIN).await;
        let look = async |name: &str| assert_snapshot!(name, browser.tree().await);
        scenes::every_dialog(world, browser, (&scene, &PLAIN), look).await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn every_state_of_a_page_is_read_out_as_its_snapshot_says() {
    browse(async |world, browser| {
        let scene = Scene::fill(world, &PLAIN).await;
        let look = async |name: &str| assert_snapshot!(name, browser.tree().await);
        scenes::every_state(world, browser, (&scene, &PLAIN), look).await;
    });
}

#[test]
#[cfg_attr(not(browser), ignore = "needs a browser: apt-get install chromium chromium-driver")]
fn a_console_without_an_identity_provider_is_read_out_as_its_snapshot_says() {
    browse_with(Options::default(), async |_, browser| {
        scenes::not_configured(browser, async |name| assert_snapshot!(name, browser.tree().await)).await;
    });
}
