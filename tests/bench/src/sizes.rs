//! The sizes of the binaries and of their zips.

use crate::{
    binaries::{AUTHORIZER, Binaries, FLOORS},
    failure::Failure,
    figures::as_f64,
    report::{Report, Section, number},
    targets::Target,
};

/// Measures every binary, and what Lambda is sent of it.
pub(crate) fn measure(binaries: &Binaries, report: &mut Report) -> Result<(), Failure> {
    let mut section = Section::new("Sizes", &["function", "binary, MB", "zip, MB"]);
    let [mut authorizer, mut largest, mut console, mut session] = [f64::NAN; 4];
    for size in binaries.sizes()? {
        let zipped = megabytes(size.zipped);
        if size.name == AUTHORIZER {
            authorizer = zipped;
        } else if !FLOORS.contains(&size.name.as_str()) {
            largest = largest.max(zipped);
        }
        match &*size.name {
            "serve-console" => console = zipped,
            "manage-session" => session = zipped,
            _ => {}
        }
        section.row([format!("`{}`", size.name), number(megabytes(size.binary)), number(zipped)]);
    }
    report.section(section);
    report.target(Target::megabytes("the authorizer's zip", authorizer, 3.0));
    report.target(Target::megabytes("the largest other zip", largest, 4.0));
    report.target(Target::megabytes("the zip of the console's files", console, 1.2));
    report.target(Target::megabytes("the zip of its sign-in", session, 3.2));
    Ok(())
}

fn megabytes(bytes: usize) -> f64 {
    as_f64(bytes) / 1e6
}
