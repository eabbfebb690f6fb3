//! Plays texts against a parser of outside text: those of a committed corpus first, then changed ones.
//!
//! A target is a unit test beside the parser. Its name starts with `fuzzed_`. `tests/README.md` lists the targets.
//!
//! [`mod@arbtest`] makes the random choices, so each input has a seed that plays it again. The inputs are the same in each
//! run, unless `FUZZ_SEED` or `FUZZ_SECONDS` says otherwise.

mod body;
mod json;
mod reported;
mod seeds;
mod session;
mod share;
mod text;

use std::{collections::HashSet, path::PathBuf};

use arbtest::{
    arbitrary::{Result, Unstructured},
    arbtest,
};
use serde_json::Value;

pub use body::{event_with_body, event_with_path, read_body};
use reported::Reported;
use seeds::Seeds;
pub use session::{SESSION_COOKIE, find_session};
use share::Share;

/// A parser of outside text, and the texts from which its inputs are made.
#[derive(Debug)]
pub struct Target {
    name: &'static str,
    shape: Shape,
    corpus: Vec<String>,
    /// The corpus as JSON.
    documents: Vec<Value>,
    has_check_digits: bool,
}

/// How inputs are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Character by character.
    Text,
    /// Mostly value by value, so that the text stays JSON.
    Json,
}

/// Starts a target whose inputs are plain text. Its corpus is `tests/fuzz/corpus/<name>.txt`, one input a line.
///
/// # Panics
/// When there is no such file.
#[must_use]
pub fn texts(name: &'static str) -> Target {
    Target::new(name, Shape::Text)
}

/// Starts a target whose inputs are JSON documents. Its corpus is `tests/fuzz/corpus/<name>.txt`, one input a line.
///
/// # Panics
/// When there is no such file.
#[must_use]
pub fn documents(name: &'static str) -> Target {
    Target::new(name, Shape::Json)
}

impl Target {
    fn new(name: &'static str, shape: Shape) -> Self {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("corpus/{name}.txt"));
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self::of(name, shape, text.lines().map(str::to_owned).collect())
    }

    fn of(name: &'static str, shape: Shape, corpus: Vec<String>) -> Self {
        let mut target =
            Self { name, shape, corpus: Vec::new(), documents: Vec::new(), has_check_digits: false };
        for text in corpus {
            target.add(text);
        }
        target
    }

    /// Adds a text that is committed elsewhere to the corpus, such as a sample event.
    #[must_use]
    pub fn with(mut self, text: &str) -> Self {
        self.add(text.to_owned());
        self
    }

    /// Says that the texts carry check digits: those that are changed are refused, so none need be taken.
    #[must_use]
    pub const fn with_check_digits(mut self) -> Self {
        self.has_check_digits = true;
        self
    }

    /// Returns the first document of the corpus.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn first(&self) -> &Value {
        self.documents.first().expect("the corpus has a document")
    }

    fn add(&mut self, text: String) {
        if self.shape == Shape::Json {
            self.documents.extend(serde_json::from_str::<Value>(&text));
        }
        self.corpus.push(text);
    }

    /// Plays the inputs. `check` panics where a property does not hold, and tells whether the parser took the input.
    ///
    /// # Panics
    /// When a property does not hold, when the corpus lacks an input that is taken or one that is refused, and when
    /// no changed input was taken: such a target would test nothing.
    pub fn play(self, check: impl FnMut(&str) -> bool) {
        self.play_share(Share::from_environment(), check);
    }

    fn play_share(self, share: Share, mut check: impl FnMut(&str) -> bool) {
        let name = self.name;
        let mut taken =
            self.corpus.iter().filter(|text| Reported { name, text, seed: None }.check(&mut check)).count();
        assert!(0 < taken, "{name}: the parser takes no text of the corpus");
        assert!(taken < self.corpus.len(), "{name}: the parser refuses no text of the corpus");

        let unchanged: HashSet<_> =
            self.documents.iter().map(Value::to_string).chain(self.corpus.iter().cloned()).collect();
        taken = 0;
        let mut play = |seed| {
            let mut is_taken = false;
            let property = |choices: &mut Unstructured<'_>| {
                let text = self.changed(choices)?;
                is_taken = Reported { name, text: &text, seed: Some(seed) }.check(&mut check)
                    && !unchanged.contains(&text);
                Ok(())
            };
            arbtest(property).seed(seed).run();
            taken += usize::from(is_taken);
        };
        if let Some(seed) = share.input {
            return play(seed);
        }
        let inputs = share.limit.take(Seeds::from(share.seed)).map(&mut play).count();
        let is_enough = self.has_check_digits || 0 < taken;
        assert!(is_enough, "{name}: the parser takes none of {inputs} changed texts");
    }

    /// Makes an input: a text of the corpus with a few changes.
    fn changed(&self, choices: &mut Unstructured<'_>) -> Result<String> {
        let is_plain = self.documents.is_empty() || choices.ratio(1, 8)?;
        if is_plain { text::changed(&self.corpus, choices) } else { json::changed(&self.documents, choices) }
    }
}

#[cfg(test)]
mod tests;
