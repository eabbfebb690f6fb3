//! Writes the OpenAPI document to its place in the repository.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json"), openapi::text())
}
