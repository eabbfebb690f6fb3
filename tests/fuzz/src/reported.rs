//! An input that is printed if its check panics.

/// The most characters of an input that are printed.
const MAX_CHARACTERS: usize = 4_000;

/// An input in play. A panic while it lives prints it.
pub(crate) struct Reported<'a> {
    pub(crate) name: &'static str,
    pub(crate) text: &'a str,
    /// The seed that makes it; `None` for a text of the corpus.
    pub(crate) seed: Option<u64>,
}

impl Reported<'_> {
    /// Runs the check of a target.
    pub(crate) fn check(self, check: &mut impl FnMut(&str) -> bool) -> bool {
        check(self.text)
    }

    pub(crate) fn message(&self) -> String {
        let text: String = self.text.chars().take(MAX_CHARACTERS).collect();
        let again = match self.seed {
            Some(seed) => format!("FUZZ_INPUT={seed:#x} plays it again"),
            None => "it is in the corpus".to_owned(),
        };
        format!("fuzz target {}: a check failed for {text:?}; {again}", self.name)
    }
}

impl Drop for Reported<'_> {
    #[expect(clippy::print_stderr, reason = "a panic says where, and this says with what")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.message());
        }
    }
}
