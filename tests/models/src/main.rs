//! Models of the transactions: explores every interleaving within bounds, and shows what each condition is needed for.
//!
//! `models [CONDITION]` also prints the counterexample that a condition prevents.

mod bounds;
mod check;
mod quota;
mod sign_in;
mod status;
mod table;

use std::process::ExitCode;

use bounds::Bounds;
use check::check;
use quota::Quota;
use sign_in::SignIn;

#[expect(clippy::disallowed_methods, reason = "whoever runs the models chooses how much of them is explored")]
fn main() -> ExitCode {
    let shown = std::env::args().nth(1);
    let bounds = match Bounds::named(std::env::var("MODELS").ok().as_deref()) {
        Ok(bounds) => bounds,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let checked = [check::<Quota>(bounds, shown.as_deref()), check::<SignIn>(bounds, shown.as_deref())];
    if checked.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
