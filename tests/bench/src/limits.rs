//! Organizations at every limit: what a decision costs there beside one in an empty organization.

use local::dynoxide::{AttributeValue, ImportOptions};
use serde_json::Value;

use crate::{
    arguments::Size,
    authorizer::decide,
    binaries::{AUTHORIZER, Binaries},
    copies::{Item, database, items_of},
    event,
    failure::Failure,
    figures::as_f64,
    instance::Instance,
    report::{Report, Section, number, progress},
    targets::Target,
    world::World,
};

/// Organizations that one instance visits: more than it keeps.
const ORGANIZATIONS: usize = 300;

/// Roles, groups, permissions of a role (five bytes each: 48 KiB in all), and roles of a group.
const ROLES: usize = 100;
const PERMISSIONS: usize = 97;
const NAMES: usize = 20;

/// Measures decisions on a caller of an empty organization and on callers of organizations at every limit.
pub(crate) fn measure(binaries: &Binaries, size: &Size, report: &mut Report) -> Result<(), Failure> {
    // One caller stays in the empty organization, one is refused, and each other one gets an organization.
    let world = &World::start(binaries, ORGANIZATIONS + 2)?;
    for (place, token) in world.tokens.iter().enumerate().skip(1) {
        if place % 50 == 0 {
            progress(&format!("filling organizations: {place} of {ORGANIZATIONS}"));
        }
        move_to(world, token, &format!("limits{place:010}"), place > 1)?;
    }
    let events = world.tokens.iter().map(|token| event::authorizer(world, "x-access-key", token));
    let events = events.collect::<Result<Vec<_>, _>>()?;
    let mut section =
        Section::new("An organization at every limit", &["caller", "processor, µs", "context, bytes"]);
    let subjects = [
        ("of an empty organization", &events[0], true),
        ("of one at every limit, with as large a context as may be", &events[2], true),
        ("of one at every limit, with too large a context: refused", &events[1], false),
    ];
    let mut warm = Vec::new();
    for (_, event, passes) in &subjects {
        let instance = Instance::start(&world.of(AUTHORIZER)?)?;
        for _ in 0..20 {
            decide(world, &instance, event, *passes)?;
        }
        let before = instance.processor_time();
        warm.push((instance, before));
    }
    for round in 0..size.decisions {
        if round % 500 == 0 {
            progress(&format!("an organization at every limit: {round} of {}", size.decisions));
        }
        for ((_, event, passes), (instance, _)) in subjects.iter().zip(&warm) {
            decide(world, instance, event, *passes)?;
        }
    }
    let mut costs = Vec::new();
    for ((name, event, passes), (instance, before)) in subjects.iter().zip(&warm) {
        let cost = ran_since(instance, *before) / as_f64(size.decisions);
        let bytes = context_bytes(&decide(world, instance, event, *passes)?.body);
        section.row([(*name).to_owned(), number(cost), bytes.to_string()]);
        costs.push(cost);
    }
    let visitor = Instance::start(&world.of(AUTHORIZER)?)?;
    // The first round runs argon2 for each caller. In the second, every organization is read anew.
    let mut cost = f64::NAN;
    for round in 1..=2 {
        progress(&format!("visiting {ORGANIZATIONS} organizations at every limit: round {round} of 2"));
        let before = visitor.processor_time();
        for event in &events[2..] {
            decide(world, &visitor, event, true)?;
        }
        cost = ran_since(&visitor, before) / as_f64(ORGANIZATIONS);
    }
    section.row(["of one at every limit, read anew".to_owned(), number(cost), "as above".to_owned()]);
    report.section(section);
    let memory = visitor.high_water_mark().unwrap_or(f64::NAN);
    let mut section = Section::new("Memory, organizations at every limit", &["visited", "most ever, MiB"]);
    section.row([ORGANIZATIONS.to_string(), number(memory)]);
    report.section(section);
    let more = costs[1..].iter().copied().fold(cost, f64::max) - costs[0];
    report.target(Target::milliseconds(
        "processor time at every limit beyond that of an empty one, warm",
        (costs[1].max(costs[2]) - costs[0]) / 1e3,
        2.0,
    ));
    report.target(Target::milliseconds("the same, where the organization is read anew", more / 1e3, 2.0));
    report.target(Target::megabytes("memory after 300 organizations at every limit", memory, 64.0));
    Ok(())
}

/// Returns for how long an instance ran on a processor, in microseconds.
fn ran_since(instance: &Instance, before: Option<std::time::Duration>) -> f64 {
    let ran = instance.processor_time().zip(before).map(|(now, before)| now.saturating_sub(before));
    ran.map_or(f64::NAN, |ran| ran.as_secs_f64() * 1e6)
}

fn context_bytes(answer: &[u8]) -> usize {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let context = answer["context"].as_object();
    context.map_or(0, |context| context.values().filter_map(Value::as_str).map(str::len).sum())
}

/// Makes an organization at every limit and moves the holder of a token there, with its key.
///
/// A narrowed key has about a third of its user's permissions: as many as a context may hold.
fn move_to(world: &World, token: &str, organization: &str, narrowed: bool) -> Result<(), Failure> {
    let id = token.split('_').nth(1).unwrap_or_default();
    let (user, suffix) = id.split_at(12);
    let mut items = Vec::new();
    for mut item in items_of(&world.stack, &format!("USER#{user}"))? {
        let sort = text_of(&item, "SK");
        item.insert("organization_id".to_owned(), text(organization));
        if sort == "USER" {
            carry(&mut item, (0..NAMES).collect(), (0..NAMES).collect());
        } else if narrowed && sort == format!("KEY#{suffix}") {
            // Every fifth group has the same roles, the first 20. The key has 12 others besides.
            carry(&mut item, (20..32).collect(), (0..NAMES).map(|number| number * 5).collect());
        }
        items.push(item);
    }
    for mut item in items_of(&world.stack, &format!("ORG#{}", world.organization))? {
        if text_of(&item, "SK") == "ORG" {
            item.insert("organization_id".to_owned(), text(organization));
            items.push(item);
        }
    }
    let partition = format!("ORG#{organization}");
    for item in items.iter_mut().filter(|item| text_of(item, "SK") == "ORG") {
        item.insert("PK".to_owned(), text(&partition));
    }
    for role in 0..ROLES {
        let permissions = (0..PERMISSIONS).map(|number| permission(role * PERMISSIONS + number));
        items.push(entry(
            &partition,
            "ROLE",
            &name('r', role),
            "permissions",
            &permissions.collect::<Vec<_>>(),
        ));
        let roles = (0..NAMES).map(|number| name('r', (role * NAMES + number) % ROLES));
        items.push(entry(&partition, "GROUP", &name('g', role), "roles", &roles.collect::<Vec<_>>()));
    }
    let stored = database(&world.stack)?.import_items("access-keys", items, ImportOptions::default());
    stored.map(drop).map_err(|error| Failure::Fill(error.to_string()))
}

fn carry(item: &mut Item, roles: Vec<usize>, groups: Vec<usize>) {
    let names =
        |mark, numbers: Vec<usize>| list(numbers.into_iter().map(|number| name(mark, number)).collect());
    item.insert("roles".to_owned(), names('r', roles));
    item.insert("groups".to_owned(), names('g', groups));
}

fn entry(partition: &str, kind: &str, name: &str, member: &str, values: &[String]) -> Item {
    Item::from([
        ("PK".to_owned(), text(partition)),
        ("SK".to_owned(), text(&format!("{kind}#{name}"))),
        ("name".to_owned(), text(name)),
        (member.to_owned(), text(&values.join(" "))),
        ("description".to_owned(), text(&"é".repeat(500))),
        ("updated_at".to_owned(), AttributeValue::N("1700000000".to_owned())),
        ("version".to_owned(), AttributeValue::N("1".to_owned())),
    ])
}

/// Returns a name of 64 characters.
fn name(mark: char, number: usize) -> String {
    format!("{mark}{number:0>63}")
}

/// Returns a permission of five bytes.
fn permission(number: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let digits = [number / 1_296, number / 36, number].map(|place| char::from(DIGITS[place % 36]));
    format!("a:{}", String::from_iter(digits))
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn list(values: Vec<String>) -> AttributeValue {
    AttributeValue::L(values.into_iter().map(AttributeValue::S).collect())
}

fn text_of(item: &Item, name: &str) -> String {
    match item.get(name) {
        Some(AttributeValue::S(text)) => text.clone(),
        _ => String::new(),
    }
}
