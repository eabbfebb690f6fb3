//! Looks for what browser tests need: without it they are ignored, and say why.

use std::{env, path::PathBuf};

/// What `.ci/run` puts there: axe-core, which judges pages by the rules of WCAG.
const AXE: &str = "../target/ci-axe/package/axe.min.js";

#[expect(clippy::disallowed_methods, reason = "a build script is configured by nothing else")]
fn main() {
    println!("cargo::rustc-check-cfg=cfg(browser)");
    println!("cargo::rustc-check-cfg=cfg(axe)");
    for variable in ["CHROMEDRIVER", "CONSOLE_BROWSER", "PATH"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let required = env::var("CONSOLE_BROWSER").is_ok_and(|value| value == "required");
    let given = env::var_os("CHROMEDRIVER").map(PathBuf::from);
    let folders = env::var_os("PATH").unwrap_or_default();
    let driver = given
        .into_iter()
        .chain(env::split_paths(&folders).map(|folder| folder.join("chromedriver")))
        .find(|path| path.is_file());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={AXE}");
    if let Some(driver) = driver {
        println!("cargo::rerun-if-changed={}", driver.display());
        println!("cargo::rustc-cfg=browser");
        println!("cargo::rustc-env=CHROMEDRIVER={}", driver.display());
    } else {
        println!("cargo::rustc-env=CHROMEDRIVER=chromedriver");
        assert!(!required, "CONSOLE_BROWSER=required: apt-get install chromium chromium-driver");
    }
    if PathBuf::from(AXE).is_file() {
        println!("cargo::rustc-cfg=axe");
    } else {
        assert!(!required, "CONSOLE_BROWSER=required: .ci/run fetches axe-core");
    }
}
