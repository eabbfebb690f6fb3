//! How addresses and networks are written, as a pattern for clients.

/// Returns the pattern of everything that is a network. IPv6 is that of RFC 3986, section 3.2.2.
pub(super) fn of_networks() -> String {
    let octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    let v4 = format!(r"({octet}\.){{3}}{octet}");
    let group = "[0-9A-Fa-f]{1,4}";
    let last_two = format!("({group}:{group}|{v4})");
    let mut forms = vec![format!("({group}:){{6}}{last_two}")];
    // A `::` stands for one group or more, so that the groups around it are at most seven.
    for before in 0..=5 {
        forms.push(format!("{}::({group}:){{{}}}{last_two}", at_most(before, group), 5 - before));
    }
    forms.push(format!("{}::{group}", at_most(6, group)));
    forms.push(format!("{}::", at_most(7, group)));
    let v6 = forms.join("|");
    format!("^({v4}(/([12]?[0-9]|3[0-2]))?|({v6})(/([1-9]?[0-9]|1[01][0-9]|12[0-8]))?)$")
}

/// Returns the pattern of the groups in front of a `::`.
fn at_most(groups: usize, group: &str) -> String {
    match groups.checked_sub(1) {
        None => String::new(),
        Some(more) => format!("(({group}:){{0,{more}}}{group})?"),
    }
}
