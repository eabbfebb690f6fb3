//! Compiles the library that gives each instance a clock of its own. Where that fails, the library is empty.

use std::{env, fs, path::Path};

const SOURCE: &str = "src/runtime/instance_clock.c";

#[expect(clippy::disallowed_methods, reason = "Cargo tells a build script its target in the environment")]
fn main() {
    println!("cargo::rerun-if-changed={SOURCE}");
    let variable = |name: &str| env::var(name).expect("Cargo sets the variables of a build script");
    let library = Path::new(&variable("OUT_DIR")).join("instance_clock.so");
    // The offset is one word, and so is the time of the system call.
    let supported =
        variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_POINTER_WIDTH") == "64";
    let compiled = supported && {
        let mut compiler = cc::Build::new().get_compiler().to_command();
        compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(SOURCE);
        compiler.status().is_ok_and(|status| status.success())
    };
    if !compiled {
        fs::write(&library, b"").expect("the output directory can be written");
    }
}
