//! Models of the transactions: explores every interleaving within bounds, and shows what each condition is needed for.
//!
//! `models CONDITION` also prints the counterexample that a condition prevents. `models NAME` explores one model alone.

mod bounds;
mod check;
mod digests;
mod notices;
mod quota;
mod ses;
mod sign_in;
mod status;
mod table;

use std::process::ExitCode;

use bounds::Bounds;
use check::{Switchable as _, check};
use digests::Digests;
use notices::Notices;
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
    let names = [Quota::NAME, SignIn::NAME, Notices::NAME, Digests::NAME];
    let chosen = names.into_iter().find(|name| shown.as_deref() == Some(*name));
    let is_left_out = |name| chosen.is_some_and(|chosen| chosen != name);
    let shown = shown.as_deref();
    let checked = [
        is_left_out(Quota::NAME) || check::<Quota>(bounds, shown),
        is_left_out(SignIn::NAME) || check::<SignIn>(bounds, shown),
        is_left_out(Notices::NAME) || check::<Notices>(bounds, shown),
        is_left_out(Digests::NAME) || check::<Digests>(bounds, shown),
    ];
    if checked.contains(&false) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
