//! Organizations at every limit: what a decision costs there beside one in an empty organization.

use std::time::Duration;

use local::dynoxide::{AttributeValue, ImportOptions};
use serde_json::Value;

use crate::{
    arguments::Size,
    authorizer::decide,
    binaries::{AUTHORIZER, Binaries, LEAN},
    copies::{Item, database, items_of},
    event,
    failure::Failure,
    figures::as_f64,
    instance::Instance,
    report::{Report, Section, number, progress},
    targets::Target,
    world::World,
};

/// Organizations that one instance visits: at every limit, more than it keeps.
const ORGANIZATIONS: usize = 300;

/// For how long an instance keeps an organization, and a moment.
const KEPT: Duration = Duration::from_millis(10_100);

/// Roles, groups, permissions of a role (five bytes each: 48 KiB in all), and roles of a group.
const ROLES: usize = 100;
const PERMISSIONS: usize = 97;
const NAMES: usize = 20;

/// Measures decisions on a caller of an empty organization and on callers of organizations at every limit.
pub(crate) fn measure(binaries: &Binaries, size: &Size, report: &mut Report) -> Result<(), Failure> {
    // One caller stays in the first organization, one is refused, and each other one gets an organization of its
    // own: the first half at every limit, the others empty.
    let world = &World::start(binaries, 2 * ORGANIZATIONS + 2)?;
    for (place, token) in world.tokens.iter().enumerate().skip(1) {
        if place % 50 == 0 {
            progress(&format!("filling organizations: {place} of {}", 2 * ORGANIZATIONS));
        }
        let fill = match place {
            1 => Fill::Refused,
            place if place < ORGANIZATIONS + 2 => Fill::Limits,
            _ => Fill::Empty,
        };
        move_to(world, token, &format!("limits{place:010}"), fill)?;
    }
    let events = world.tokens.iter().map(|token| event::authorizer(world, "x-access-key", token));
    let events = events.collect::<Result<Vec<_>, _>>()?;
    let warm = warm(world, &events, size)?;
    let (full, empty) = events[2..].split_at(ORGANIZATIONS);
    let (anew, empty) = (anew(world, full, "at every limit")?, anew(world, empty, "empty")?);
    let mut section =
        Section::new("An organization at every limit", &["caller", "processor, µs", "context, bytes"]);
    for (name, cost, context) in [
        ("the read alone, lean: of an empty organization", warm[3].cost, String::new()),
        ("the reads alone, lean: of an empty one, read anew", empty.floor, String::new()),
        ("the reads alone, lean: of one at every limit, read anew", anew.floor, String::new()),
        ("authorizer: of an empty organization", warm[0].cost, warm[0].context.to_string()),
        ("authorizer: of one at every limit", warm[1].cost, warm[1].context.to_string()),
        ("authorizer: of one at every limit, refused", warm[2].cost, warm[2].context.to_string()),
        ("authorizer: of an empty one, read anew", empty.authorizer, warm[0].context.to_string()),
        ("authorizer: of one at every limit, read anew", anew.authorizer, warm[1].context.to_string()),
    ] {
        section.row([name.to_owned(), number(cost), context]);
    }
    report.section(section);
    let mut section = Section::new("Memory, organizations at every limit", &["visited", "most ever, MiB"]);
    section.row([ORGANIZATIONS.to_string(), number(anew.memory)]);
    report.section(section);
    let beyond_empty = anew.authorizer - empty.authorizer;
    report.target(Target::milliseconds(
        "processor time at every limit beyond that of an empty one, warm",
        (warm[1].cost.max(warm[2].cost) - warm[0].cost) / 1e3,
        2.0,
    ));
    report.target(Target::milliseconds("the same, where either is read anew", beyond_empty / 1e3, 2.0));
    report.target(Target::kibibytes("context at every limit", as_f64(warm[1].context) / 1024.0, 20.0));
    report.target(Target::megabytes(
        "memory after 300 organizations at every limit",
        anew.memory * 1.048_576,
        64.0,
    ));
    Ok(())
}

/// What one warm decision cost, in microseconds, and the bytes of its context.
struct Warm {
    cost: f64,
    context: usize,
}

/// Measures, in turns, decisions on three callers whose organization is kept, and the read alone.
fn warm(world: &World, events: &[Vec<u8>], size: &Size) -> Result<Vec<Warm>, Failure> {
    let authorizer = || Instance::start(&world.of(AUTHORIZER)?);
    let subjects = [
        (authorizer()?, &events[0], true),
        (authorizer()?, &events[2], true),
        (authorizer()?, &events[1], false),
        (Instance::start(&world.floor(LEAN)?)?, &events[0], true),
    ];
    let mut before = Vec::new();
    for (instance, event, passes) in &subjects {
        for _ in 0..20 {
            decide(world, instance, event, *passes)?;
        }
        before.push(instance.processor_time());
    }
    for round in 0..size.decisions {
        if round % 500 == 0 {
            progress(&format!("an organization at every limit: {round} of {}", size.decisions));
        }
        for (instance, event, passes) in &subjects {
            decide(world, instance, event, *passes)?;
        }
    }
    let mut found = Vec::new();
    for ((instance, event, passes), before) in subjects.iter().zip(before) {
        let cost = ran_since(instance, before) / as_f64(size.decisions);
        let context = context_bytes(&decide(world, instance, event, *passes)?.body);
        found.push(Warm { cost, context });
    }
    Ok(found)
}

/// What one decision cost that read an organization anew, in microseconds, and the most memory of the instance.
struct Anew {
    authorizer: f64,
    floor: f64,
    memory: f64,
}

/// Measures, in turns, decisions on callers of many organizations that each read one anew, and the reads alone.
fn anew(world: &World, events: &[Vec<u8>], what: &str) -> Result<Anew, Failure> {
    let visitor = Instance::start(&world.of(AUTHORIZER)?)?;
    let mut floor = world.floor(LEAN)?;
    floor.variables.insert("READ_ORGANIZATION".to_owned(), "1".to_owned());
    let floor = Instance::start(&floor)?;
    // The first round runs argon2 for each caller. In the second, every organization is read anew.
    let mut costs = (f64::NAN, f64::NAN);
    for round in 1..=2 {
        if round == 2 {
            progress("waiting until what was kept is too old");
            std::thread::sleep(KEPT);
        }
        progress(&format!("visiting {ORGANIZATIONS} organizations, {what}: round {round} of 2"));
        let before = (visitor.processor_time(), floor.processor_time());
        for event in events {
            decide(world, &visitor, event, true)?;
            decide(world, &floor, event, true)?;
        }
        costs = (ran_since(&visitor, before.0), ran_since(&floor, before.1));
    }
    let decisions = as_f64(events.len());
    Ok(Anew {
        authorizer: costs.0 / decisions,
        floor: costs.1 / decisions,
        memory: visitor.high_water_mark().unwrap_or(f64::NAN),
    })
}

/// Returns for how long an instance ran on a processor, in microseconds.
fn ran_since(instance: &Instance, before: Option<Duration>) -> f64 {
    let ran = instance.processor_time().zip(before).map(|(now, before)| now.saturating_sub(before));
    ran.map_or(f64::NAN, |ran| ran.as_secs_f64() * 1e6)
}

fn context_bytes(answer: &[u8]) -> usize {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let context = answer["context"].as_object();
    context.map_or(0, |context| context.values().filter_map(Value::as_str).map(str::len).sum())
}

/// What an organization holds, and its one caller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fill {
    /// Neither roles nor groups.
    Empty,
    /// Everything, with a key that has about a third of its user's permissions: as many as a context may hold.
    Limits,
    /// Everything, with a key that has all of its user's permissions: more than a context may hold.
    Refused,
}

/// Makes an organization and moves the holder of a token there, with its key.
fn move_to(world: &World, token: &str, organization: &str, fill: Fill) -> Result<(), Failure> {
    let id = token.split('_').nth(1).unwrap_or_default();
    let (user, suffix) = id.split_at(12);
    let mut items = Vec::new();
    for mut item in items_of(&world.stack, &format!("USER#{user}"))? {
        let sort = text_of(&item, "SK");
        item.insert("organization_id".to_owned(), text(organization));
        if fill != Fill::Empty && sort == "USER" {
            carry(&mut item, (0..NAMES).collect(), (0..NAMES).collect());
        } else if fill == Fill::Limits && sort == format!("KEY#{suffix}") {
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
    if fill != Fill::Empty {
        items.push(catalog(&partition));
    }
    let stored = database(&world.stack)?.import_items("access-keys", items, ImportOptions::default());
    stored.map(drop).map_err(|error| Failure::Fill(error.to_string()))
}

/// Makes the catalog of an organization at every limit. Decisions read no other item of roles and groups.
fn catalog(partition: &str) -> Item {
    let roles = (0..ROLES).map(|role| {
        // The permissions of a role stand far from each other in the order of all, so that sorting costs most.
        let permissions = (0..PERMISSIONS).map(|number| permission(number * ROLES + role));
        entry(name('r', role), permissions)
    });
    let groups = (0..ROLES).map(|group| {
        let roles = (0..NAMES).map(|number| (group * NAMES + number) % ROLES);
        entry(name('g', group), roles.map(|role| role.to_string()))
    });
    Item::from([
        ("PK".to_owned(), text(partition)),
        ("SK".to_owned(), text("ORG#DECISIONS")),
        ("permissions_of_roles".to_owned(), text(&roles.collect::<Vec<_>>().join(","))),
        ("roles_of_groups".to_owned(), text(&groups.collect::<Vec<_>>().join(","))),
    ])
}

fn entry(name: String, words: impl Iterator<Item = String>) -> String {
    std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ")
}

fn carry(item: &mut Item, roles: Vec<usize>, groups: Vec<usize>) {
    let names =
        |mark, numbers: Vec<usize>| list(numbers.into_iter().map(|number| name(mark, number)).collect());
    item.insert("roles".to_owned(), names('r', roles));
    item.insert("groups".to_owned(), names('g', groups));
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
