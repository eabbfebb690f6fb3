//! Filter patterns for lines of JSON, such as `{ $.level = "ERROR" && $.count >= 5 }`.

use serde_json::Value;

/// A pattern, read from its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern(Condition);

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// The value at a path compares with one of the pattern's.
    Compare(Vec<String>, &'static str, Operand),
    Exists(Vec<String>, bool),
    Is(Vec<String>, Value),
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Number(f64),
    /// `*` stands for any text.
    Text(String),
}

/// Longer ones first.
const OPERATORS: [&str; 6] = [">=", "<=", "!=", "=", ">", "<"];

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Says where the text is none of the patterns that are known here.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inner = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let mut rest = inner.ok_or_else(|| format!("not in braces: {text}"))?;
        let condition = any(&mut rest)?;
        if rest.trim().is_empty() { Ok(Self(condition)) } else { Err(format!("left over: {rest}")) }
    }

    /// Tells whether a line is selected. A line that is no JSON object never is.
    #[must_use]
    pub fn selects(&self, line: &str) -> bool {
        serde_json::from_str(line).is_ok_and(|line: Value| line.is_object() && holds(&self.0, &line))
    }
}

fn any(rest: &mut &str) -> Result<Condition, String> {
    let mut conditions = vec![all(rest)?];
    while eat(rest, "||") {
        conditions.push(all(rest)?);
    }
    Ok(Condition::Any(conditions))
}

fn all(rest: &mut &str) -> Result<Condition, String> {
    let mut conditions = vec![single(rest)?];
    while eat(rest, "&&") {
        conditions.push(single(rest)?);
    }
    Ok(Condition::All(conditions))
}

fn single(rest: &mut &str) -> Result<Condition, String> {
    if eat(rest, "(") {
        let inner = any(rest)?;
        return if eat(rest, ")") { Ok(inner) } else { Err(format!("no closing parenthesis: {rest}")) };
    }
    let path = selector(rest)?;
    for (words, condition) in [
        ("NOT EXISTS", Condition::Exists(path.clone(), false)),
        ("IS NULL", Condition::Is(path.clone(), Value::Null)),
        ("IS TRUE", Condition::Is(path.clone(), Value::Bool(true))),
        ("IS FALSE", Condition::Is(path.clone(), Value::Bool(false))),
    ] {
        if eat(rest, words) {
            return Ok(condition);
        }
    }
    let operator = OPERATORS.into_iter().find(|operator| eat(rest, operator));
    let operator = operator.ok_or_else(|| format!("no operator: {rest}"))?;
    Ok(Condition::Compare(path, operator, operand(rest)?))
}

/// Reads `$.a.b`. A selector holds letters, digits, `-` and `_`; so no member with a dot in its name can be selected.
fn selector(rest: &mut &str) -> Result<Vec<String>, String> {
    if !eat(rest, "$.") {
        return Err(format!("no selector: {rest}"));
    }
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(rest.len());
    let (path, after) = rest.split_at(end);
    *rest = after;
    let path: Vec<_> = path.split('.').map(str::to_owned).collect();
    if path.iter().any(String::is_empty) { Err(format!("an empty name: {path:?}")) } else { Ok(path) }
}

fn operand(rest: &mut &str) -> Result<Operand, String> {
    if eat(rest, "\"") {
        let (text, after) = rest.split_once('"').ok_or_else(|| format!("no closing quote: {rest}"))?;
        *rest = after;
        return Ok(Operand::Text(text.to_owned()));
    }
    let end = rest.find([' ', ')']).unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    *rest = after;
    match text.parse() {
        Ok(number) => Ok(Operand::Number(number)),
        Err(_)
            if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_*".contains(c)) =>
        {
            Ok(Operand::Text(text.to_owned()))
        }
        Err(_) => Err(format!("no operand: {text}")),
    }
}

/// Skips white space, and then this text if it is there.
fn eat(rest: &mut &str, text: &str) -> bool {
    *rest = rest.trim_start();
    rest.strip_prefix(text).map(|after| *rest = after).is_some()
}

fn at<'l>(line: &'l Value, path: &[String]) -> Option<&'l Value> {
    path.iter().try_fold(line, |value, name| value.get(name))
}

fn holds(condition: &Condition, line: &Value) -> bool {
    match condition {
        Condition::All(conditions) => conditions.iter().all(|condition| holds(condition, line)),
        Condition::Any(conditions) => conditions.iter().any(|condition| holds(condition, line)),
        Condition::Exists(path, wanted) => at(line, path).is_some() == *wanted,
        Condition::Is(path, wanted) => at(line, path) == Some(wanted),
        Condition::Compare(path, operator, operand) => match (at(line, path), operand) {
            (Some(Value::String(text)), Operand::Text(wanted)) => match *operator {
                "=" => matches(wanted, text),
                "!=" => !matches(wanted, text),
                _ => false,
            },
            (Some(Value::Number(number)), Operand::Number(wanted)) => {
                let order = number.as_f64().and_then(|number| number.partial_cmp(wanted));
                order.is_some_and(|order| match *operator {
                    "=" => order.is_eq(),
                    "!=" => order.is_ne(),
                    ">" => order.is_gt(),
                    "<" => order.is_lt(),
                    ">=" => order.is_ge(),
                    _ => order.is_le(),
                })
            }
            _ => false,
        },
    }
}

/// Compares with a text in which `*` stands for any.
fn matches(wanted: &str, text: &str) -> bool {
    match wanted.split_once('*') {
        None => wanted == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|after| {
            let mut ends = after.char_indices().map(|(end, _)| end).chain([after.len()]);
            ends.any(|end| matches(rest, &after[end..]))
        }),
    }
}
