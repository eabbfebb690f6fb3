//! The clauses of an expression, and how each may differ.

use std::collections::BTreeSet;

/// A condition that holds for every item. It names no attribute of a key: the filter of a query may not.
pub(super) const ALWAYS: &str = "(attribute_exists(any_attribute) OR attribute_not_exists(any_attribute))";

/// Each comparison that has a boundary, with the one that differs there.
const BOUNDARIES: [(&str, &str); 4] = [("<", "<="), ("<=", "<"), (">", ">="), (">=", ">")];

/// A clause that differs, and its name in the words of the original.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ClauseMutant {
    pub(super) name: String,
    pub(super) clause: String,
    /// Tells whether nothing is left of the clause.
    pub(super) is_left_out: bool,
}

/// Returns the names and placeholders in an expression.
pub(super) fn words(expression: &str) -> BTreeSet<String> {
    let is_separator = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '#' | ':'));
    expression.split(is_separator).map(str::to_owned).collect()
}

/// Splits a condition at each `AND` outside parentheses. A condition with an `OR` there is one clause.
pub(super) fn clauses(condition: &str) -> Vec<String> {
    if split(condition, "OR").len() > 1 { vec![condition.to_owned()] } else { split(condition, "AND") }
}

/// Lists how a clause may differ: it always holds, a boundary moves, or an operand of its `OR` is missing.
pub(super) fn mutants_of(clause: &str) -> Vec<ClauseMutant> {
    let mut mutants =
        vec![ClauseMutant { name: clause.to_owned(), clause: ALWAYS.to_owned(), is_left_out: true }];
    let mut add = |how: String, clause: String| {
        let mut name = how.clone();
        for number in 2.. {
            if mutants.iter().all(|other| other.name != name) {
                break;
            }
            name = format!("{how} #{number}");
        }
        mutants.push(ClauseMutant { name, clause, is_left_out: false });
    };
    let words: Vec<_> = clause.split(' ').collect();
    for (position, word) in words.iter().enumerate() {
        if let Some((sign, other)) = BOUNDARIES.into_iter().find(|(sign, _)| sign == word) {
            let mut words = words.clone();
            words[position] = other;
            add(format!("{clause}, {other} for {sign}"), words.join(" "));
        }
    }
    let mut operands = split(clause, "OR");
    if let ([_], Some(inner)) =
        (&operands[..], clause.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')))
    {
        operands = split(inner, "OR");
    }
    for (position, operand) in operands.iter().enumerate().filter(|_| operands.len() > 1) {
        let mut left = operands.clone();
        left.remove(position);
        let left = if left.len() > 1 { format!("({})", left.join(" OR ")) } else { left.remove(0) };
        add(format!("{clause}, without {operand}"), left);
    }
    mutants
}

/// Splits an expression at an operator outside parentheses; not at the `AND` of a `BETWEEN`.
fn split(expression: &str, operator: &str) -> Vec<String> {
    let (mut found, mut depth, mut between) = (vec![String::new()], 0_i32, false);
    for word in expression.split_whitespace() {
        let outside = depth == 0;
        depth += word.chars().map(|c| i32::from(c == '(') - i32::from(c == ')')).sum::<i32>();
        if outside && !between && word == operator {
            found.push(String::new());
            continue;
        }
        between = word == "BETWEEN" || between && word != "AND";
        let part = found.last_mut().expect("there is always one");
        part.push_str(if part.is_empty() { "" } else { " " });
        part.push_str(word);
    }
    found.retain(|part| !part.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(clause: &str) -> Vec<(String, String)> {
        mutants_of(clause).into_iter().map(|mutant| (mutant.name, mutant.clause)).collect()
    }

    #[test]
    fn a_condition_has_a_clause_for_each_outer_and() {
        assert_eq!(
            clauses("a = :a AND (b < :b OR c = :c AND d = :d) AND size(e) BETWEEN :f AND :g"),
            ["a = :a", "(b < :b OR c = :c AND d = :d)", "size(e) BETWEEN :f AND :g"]
        );
        assert_eq!(clauses("a = :a AND b = :b OR c = :c"), ["a = :a AND b = :b OR c = :c"]);
    }

    #[test]
    fn a_clause_is_left_out_or_has_another_boundary_or_misses_an_operand() {
        let pair = |name: &str, clause: &str| (name.to_owned(), clause.to_owned());
        assert_eq!(names("version = :seen"), [pair("version = :seen", ALWAYS)]);
        assert_eq!(
            names("(attribute_not_exists(a) OR size(a) <= :most OR contains(a, :b))")[1..],
            [
                (", < for <=", "(attribute_not_exists(a) OR size(a) < :most OR contains(a, :b))"),
                (", without attribute_not_exists(a)", "(size(a) <= :most OR contains(a, :b))"),
                (", without size(a) <= :most", "(attribute_not_exists(a) OR contains(a, :b))"),
                (", without contains(a, :b)", "(attribute_not_exists(a) OR size(a) <= :most)"),
            ]
            .map(|(how, clause)| pair(
                &format!("(attribute_not_exists(a) OR size(a) <= :most OR contains(a, :b)){how}"),
                clause
            ))
        );
        assert_eq!(
            names("a OR b > :b")[2..],
            [pair("a OR b > :b, without a", "b > :b"), pair("a OR b > :b, without b > :b", "a")]
        );
        assert_eq!(
            names("(a) OR (b)")[1..],
            [pair("(a) OR (b), without (a)", "(b)"), pair("(a) OR (b), without (b)", "(a)")]
        );
        assert_eq!(
            names("(a < :a OR b < :b)")[1..3],
            [
                pair("(a < :a OR b < :b), <= for <", "(a <= :a OR b < :b)"),
                pair("(a < :a OR b < :b), <= for < #2", "(a < :a OR b <= :b)")
            ]
        );
        let placed = "(a < :a OR #b < :b)";
        assert_eq!(names(placed)[2], pair(&format!("{placed}, <= for < #2"), "(a < :a OR #b <= :b)"));
    }
}
