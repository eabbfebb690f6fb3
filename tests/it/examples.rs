//! The examples of the OpenAPI document: real requests and answers, recorded in `infra/openapi/examples.json`.

mod recorder;
mod story;

use std::fs;

use kit::{run_with, share};
use serde_json::Value;

use self::recorder::Recorder;
use crate::leaked_keys::github::{Signer, knowing};

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/openapi/examples.json");

#[test]
fn the_examples_of_the_document_are_what_the_functions_answer() {
    let github = Signer::new();
    run_with(knowing(&[("k1", &github)]), async |world| {
        let mut recorder = Recorder::new(world);
        story::tell(&mut recorder, world, &github).await;
        let examples = recorder.into_examples();
        if share::records_examples() {
            fs::write(RECORDED, format!("{examples:#}\n")).unwrap();
            return;
        }
        let stored: Value = serde_json::from_str(&fs::read_to_string(RECORDED).unwrap()).unwrap();
        for kind in ["operations", "problems"] {
            let names = |all: &Value| all[kind].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&examples), names(&stored));
            for (name, example) in examples[kind].as_object().unwrap() {
                assert_eq!(
                    example, &stored[kind][name],
                    "{name} has another example: run `EXAMPLES=record cargo test --test it -- examples`, then \
                     `cargo run -p openapi`"
                );
            }
        }
    });
}
