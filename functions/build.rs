//! Links a function at a fixed address, as Go does by default: the loader then applies no relative relocations.

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script its target in the environment")]
pub(crate) fn main() {
    println!("cargo::rerun-if-changed=Cargo.toml");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
