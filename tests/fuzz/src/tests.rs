//! Targets with planted faults.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::*;
use crate::share::Limit;

const SHARE: fn() -> Share = || Share { limit: Limit::Inputs(2_000), seed: 0, input: None };

fn target(shape: Shape, corpus: &[&str]) -> Target {
    Target::of("planted", shape, corpus.iter().map(|text| (*text).to_owned()).collect())
}

/// Plays a target, and returns the words of its panic, if any.
fn failure(target: Target, share: Share, check: impl FnMut(&str) -> bool) -> Option<String> {
    let played = catch_unwind(AssertUnwindSafe(|| target.play_share(share, check)));
    let words = |panic: Box<dyn Any + Send>| match panic.downcast::<String>() {
        Ok(words) => *words,
        Err(panic) => panic.downcast::<&str>().unwrap().to_string(),
    };
    played.err().map(words)
}

#[test]
fn a_planted_fault_is_found_and_its_seed_plays_it_again() {
    let played = |share| {
        failure(target(Shape::Text, &["17", "x"]), share, |text| {
            assert!(!text.contains("77"), "planted");
            text.parse::<u32>().is_ok()
        })
    };
    assert_eq!(played(SHARE()).as_deref(), Some("planted"));
    let one = |seed| Share { input: Some(seed), ..SHARE() };
    let seed = Seeds::from(0).take(2_000).find(|seed| played(one(*seed)).is_some()).unwrap();
    assert_eq!(played(one(seed)).as_deref(), Some("planted"));
    let report = Reported { name: "planted", text: "77", seed: Some(0xab) };
    assert_eq!(
        report.message(),
        "fuzz target planted: a check failed for \"77\"; FUZZ_INPUT=0xab plays it again"
    );
}

#[test]
fn every_run_plays_the_same_inputs_and_another_seed_others() {
    let inputs = |seed| {
        let mut inputs = Vec::new();
        target(Shape::Json, &[r#"{"a": [1, "b"], "c": null}"#, "{"]).play_share(
            Share { seed, ..SHARE() },
            |text| {
                inputs.push(text.to_owned());
                serde_json::from_str::<Value>(text).is_ok()
            },
        );
        inputs
    };
    assert_eq!(inputs(0), inputs(0));
    assert_ne!(inputs(0)[2..], inputs(1)[2..]);
}

#[test]
fn a_value_at_any_depth_of_a_document_is_changed() {
    let mut seen = [false; 4];
    target(Shape::Json, &[r#"{"list": [{"deep": 7}], "text": "t"}"#, "{"]).play_share(SHARE(), |text| {
        let document: Value = serde_json::from_str(text).unwrap_or_default();
        let deep = document.pointer("/list/0/deep");
        seen[0] |= deep.is_some_and(|deep| deep != 7);
        seen[1] |= deep == Some(&Value::from(7)) && document.get("text").is_none();
        seen[2] |= document.as_object().is_some_and(|members| members.len() > 2);
        seen[3] |= document.as_array().is_some();
        document.is_object()
    });
    assert_eq!(seen, [true; 4]);
}

#[test]
fn a_target_that_takes_nothing_or_refuses_nothing_fails() {
    let told = |check: fn(&str) -> bool| failure(target(Shape::Text, &["a", "b"]), SHARE(), check).unwrap();
    assert_eq!(told(|_| false), "planted: the parser takes no text of the corpus");
    assert_eq!(told(|_| true), "planted: the parser refuses no text of the corpus");
    let told = failure(target(Shape::Text, &["a", "b"]), SHARE(), |text| text == "a").unwrap();
    assert_eq!(told, "planted: the parser takes none of 2000 changed texts");
}
