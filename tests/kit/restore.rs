//! Restores of the table to an earlier instant, and the replay after one.

use std::{
    collections::HashMap,
    fmt,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

use local::dynoxide::{AttributeValue, Database, ImportOptions, actions::scan::ScanRequest};
use serde_json::{Value, json};

use crate::{World, secrets::check_for};

const TABLE: &str = "access-keys";

/// The name of the table that was in use until a restore.
pub const OLD_TABLE: &str = "access-keys-old";

/// All items of the table at an instant.
pub struct TableCopy {
    items: Vec<HashMap<String, AttributeValue>>,
    /// The instant, as the replay wants it.
    since: String,
}

impl TableCopy {
    /// Returns the instant, as the replay wants it.
    #[must_use]
    pub fn since(&self) -> &str {
        &self.since
    }
}

impl fmt::Debug for TableCopy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TableCopy").field("since", &self.since).finish_non_exhaustive()
    }
}

/// What the replay printed.
#[derive(Debug)]
pub struct Replayed {
    /// Its exit code.
    pub code: i32,
    /// The members of each line: outcome, kind and id of the target, organization, reason.
    pub lines: Vec<Vec<String>>,
    /// The summary; an empty text if it did not start.
    pub summary: String,
    /// What it wrote to standard error.
    pub error: String,
}

impl Replayed {
    /// Returns the ids of the targets with an outcome, in order.
    #[must_use]
    pub fn ids(&self, outcome: &str) -> Vec<&str> {
        let mut ids: Vec<_> =
            self.lines.iter().filter(|line| line[0] == outcome).map(|line| line[2].as_str()).collect();
        ids.sort_unstable();
        ids
    }
}

impl World {
    fn database(&self) -> &Database {
        self.stack.database().expect("the engine is in this process")
    }

    /// Copies the table as it is now.
    ///
    /// # Panics
    /// When the engine fails.
    #[must_use]
    pub fn copy_table(&self) -> TableCopy {
        // A time that was shifted into the future is none that a replay takes.
        let shifted = self.stack.clock().offset_seconds().max(0);
        let since = self.stack.clock().now().as_second() - shifted;
        let since = jiff::Timestamp::from_second(since).expect("the present is a time").to_string();
        TableCopy { items: items(self.database(), TABLE), since }
    }

    /// Puts an earlier state in the place of the table, which becomes the old one.
    ///
    /// # Panics
    /// When the engine fails.
    pub fn restore(&self, copy: &TableCopy) {
        self.recreate(OLD_TABLE, items(self.database(), TABLE));
        self.recreate(TABLE, copy.items.clone());
    }

    /// Puts an earlier state in the place of the restored table once more.
    ///
    /// # Panics
    /// When the engine fails.
    pub fn restore_again(&self, copy: &TableCopy) {
        self.recreate(TABLE, copy.items.clone());
    }

    /// Creates a table with the keys and indexes of this one, in the place of one of its name.
    fn recreate(&self, name: &str, items: Vec<HashMap<String, AttributeValue>>) {
        self.replace_items();
        let database = self.database();
        let describe =
            serde_json::from_value(json!({"TableName": TABLE})).expect("the request is well-formed");
        let described = database.describe_table(describe).expect("the table exists");
        let described = serde_json::to_value(described).expect("a description is JSON");
        let delete = serde_json::from_value(json!({"TableName": name})).expect("the request is well-formed");
        database.delete_table(delete).map(drop).unwrap_or_default();
        let create =
            serde_json::from_value(creation(name, &described["Table"])).expect("the table is described");
        database.create_table(create).expect("the table can be created");
        database.import_items(name, items, ImportOptions::default()).expect("the items can be stored");
    }

    /// Changes an item of the old table: sets an attribute, in `DynamoDB`'s own JSON.
    ///
    /// # Panics
    /// When the engine fails.
    pub fn set_in_old_table(&self, (partition, sort): (&str, &str), attribute: &str, value: &Value) {
        let update = json!({
            "TableName": OLD_TABLE, "Key": {"PK": {"S": partition}, "SK": {"S": sort}},
            "UpdateExpression": "SET #attribute = :value", "ExpressionAttributeNames": {"#attribute": attribute},
            "ExpressionAttributeValues": {":value": value},
        });
        let update = serde_json::from_value(update).expect("the update is well-formed");
        self.database().update_item(update).expect("the item can be changed");
    }

    /// Removes an item of the old table.
    ///
    /// # Panics
    /// When the engine fails.
    pub fn remove_from_old_table(&self, (partition, sort): (&str, &str)) {
        let delete = json!({"TableName": OLD_TABLE, "Key": {"PK": {"S": partition}, "SK": {"S": sort}}});
        let delete = serde_json::from_value(delete).expect("the deletion is well-formed");
        self.database().delete_item(delete).expect("the item can be removed");
    }

    /// Stores an item in the old table, in `DynamoDB`'s own JSON.
    ///
    /// # Panics
    /// When the engine fails.
    pub fn put_in_old_table(&self, item: &Value) {
        let put = serde_json::from_value(json!({"TableName": OLD_TABLE, "Item": item}));
        self.database().put_item(put.expect("the item is well-formed")).expect("the item can be stored");
    }

    /// Stores an item of the old table in the restored one, as a restore that tears a transaction apart would.
    ///
    /// # Panics
    /// When there is none, and when the engine fails.
    pub fn put_from_old_table(&self, partition: &str, sort: &str) {
        let is_wanted = |item: &HashMap<String, AttributeValue>| {
            let text = |name: &str, wanted: &str| matches!(item.get(name), Some(AttributeValue::S(text)) if text == wanted);
            text("PK", partition) && text("SK", sort)
        };
        let wanted: Vec<_> = items(self.database(), OLD_TABLE).into_iter().filter(is_wanted).collect();
        assert_eq!(wanted.len(), 1, "{partition} {sort}");
        self.database()
            .import_items(TABLE, wanted, ImportOptions::default())
            .expect("the item can be stored");
    }

    /// Runs the replay from the old table, with further arguments. Its output may show no secret.
    pub async fn replay(&self, copy: &TableCopy, arguments: &[&str]) -> Replayed {
        self.run_replay(
            &[&["--old-table", OLD_TABLE, "--restored-table", TABLE, "--since", &copy.since], arguments]
                .concat(),
        )
        .await
    }

    /// Runs the replay from the text of an archive, with further arguments. It is given no old table.
    pub async fn replay_archive(&self, copy: &TableCopy, archive: &str, arguments: &[&str]) -> Replayed {
        let own = ["--events", "-", "--stack", "local", "--restored-table", TABLE, "--since", &copy.since];
        self.run_replay_with(&[&own, arguments].concat(), archive).await
    }

    /// Runs the replay with these arguments. A call to the table is attempted once, so that a fault ends the program.
    pub async fn run_replay(&self, arguments: &[&str]) -> Replayed {
        self.run_replay_with(arguments, "").await
    }

    /// Runs the replay with these arguments and this standard input.
    async fn run_replay_with(&self, arguments: &[&str], input: &str) -> Replayed {
        let mut command = Command::new(binary());
        command.args(arguments).env_clear().envs(self.stack.environment()).env("MAX_ATTEMPTS", "1");
        // A busy machine keeps these limits too.
        for limit in ["CONNECT_TIMEOUT_MS", "ATTEMPT_TIMEOUT_MS", "OPERATION_TIMEOUT_MS"] {
            command.env(limit, "20000");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let input = input.to_owned();
        let run = move || {
            let mut program = command.spawn().expect("the program starts");
            // A program that refuses its arguments reads nothing.
            drop(program.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes())));
            program.wait_with_output().expect("the program ends")
        };
        let output = tokio::task::spawn_blocking(run).await.expect("the program is waited for");
        let text = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let never_shown = self.never_shown(&self.items());
        for written in [&*text, &*error] {
            self.secrets.check("the output of the replay", written);
            check_for(&never_shown, "the output of the replay", written);
        }
        let (summary, lines): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with("read "));
        Replayed {
            code: output.status.code().unwrap_or(-1),
            lines: lines.iter().map(|line| line.split('\t').map(str::to_owned).collect()).collect(),
            summary: summary.concat(),
            error,
        }
    }
}

fn items(database: &Database, table: &str) -> Vec<HashMap<String, AttributeValue>> {
    let (mut all, mut start) = (Vec::new(), None);
    loop {
        let (table_name, exclusive_start_key) = (table.to_owned(), start.take());
        let request = ScanRequest { table_name, exclusive_start_key, ..ScanRequest::default() };
        let page = database.scan(request).expect("the table can be read");
        all.extend(page.items.unwrap_or_default());
        start = page.last_evaluated_key;
        if start.is_none() {
            return all;
        }
    }
}

/// Writes the request that creates a table like the described one.
fn creation(name: &str, described: &Value) -> Value {
    let indexes = described["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
    let indexes: Vec<_> = indexes
        .map(|index| {
            json!({
                "IndexName": index["IndexName"], "KeySchema": index["KeySchema"], "Projection": index["Projection"],
            })
        })
        .collect();
    json!({
        "TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": described["KeySchema"],
        "AttributeDefinitions": described["AttributeDefinitions"], "GlobalSecondaryIndexes": indexes,
    })
}

/// Builds the replay once in a process, with the features of all packages, and returns its path.
fn binary() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = local::cargo_command();
        cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).args(["build", "--bin", "replay"]);
        let output = cargo.arg("--message-format=json-render-diagnostics").output().expect("Cargo starts");
        let messages = output.stdout.split(|byte| *byte == b'\n');
        let mut messages = messages.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        let built = messages.find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
        built.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    })
}
