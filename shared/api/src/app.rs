//! What a function starts with: its settings, its clients, its log.

mod aws;
mod clock;
mod environment;
mod http;
mod pepper;
mod roots;
mod warm;

use domain::token::KeyPrefix;
use table::{Settings, Table};
use tokio::try_join;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

pub use aws::Aws;
pub use clock::Clock;
pub use environment::{BadSetting, Environment};
pub use pepper::{Found, Pepper, PepperFailure};

/// What a function needs to answer requests. `P` is the [`Pepper`] where it handles secrets.
#[derive(Debug)]
pub struct App<P = ()> {
    /// The single table.
    pub table: Table,
    /// What tokens of this installation start with.
    pub key_prefix: KeyPrefix,
    /// The pepper, or nothing.
    pub pepper: P,
    /// The settings, for those that one function alone has.
    pub environment: Environment,
    /// What the clients of other services are built from.
    pub aws: Aws,
}

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Setting(#[from] BadSetting),
    /// The pepper cannot be had.
    #[error("the pepper cannot be had")]
    Pepper(#[from] PepperFailure),
}

impl App {
    /// Reads the environment and opens the connection to the table.
    pub async fn from_env() -> Result<Self, StartError> {
        let environment = Environment::start()?;
        let aws = Aws::new(&environment)?;
        let table = table(&environment, &aws).await?;
        Ok(Self { table, key_prefix: environment.parse("KEY_PREFIX")?, pepper: (), environment, aws })
    }
}

impl App<Pepper> {
    /// Reads the environment, asks for the pepper, and makes the table's client and connection meanwhile.
    pub async fn from_env_with_pepper() -> Result<Self, StartError> {
        let environment = Environment::start()?;
        let aws = Aws::new(&environment)?;
        let pepper = async {
            let secret_id = environment.required("PEPPER_SECRET_ID")?;
            Ok::<_, StartError>(Pepper::fetch(aws.secrets_manager(), secret_id).await?)
        };
        let table = async {
            http::let_requests_leave().await;
            Ok(table(&environment, &aws).await?)
        };
        let (pepper, table) = try_join!(pepper, table)?;
        Ok(Self { table, key_prefix: environment.parse("KEY_PREFIX")?, pepper, environment, aws })
    }
}

/// Makes the table's client and opens its connection.
async fn table(environment: &Environment, aws: &Aws) -> Result<Table, BadSetting> {
    let settings = Settings {
        due_shards: environment.parse_or("DUE_SHARDS", 1)?,
        audit_retention_days: environment.parse_or("AUDIT_RETENTION_DAYS", 400)?,
    };
    let table = Table::new(aws.dynamodb(), environment.required("TABLE_NAME")?, settings);
    aws.connect_to_dynamodb().await;
    Ok(table)
}

/// Writes the log as JSON lines to standard output.
///
/// The AWS clients and the HTTP stack are held at warnings: below that they log what they send.
fn start_logging(level: tracing::Level) {
    let quiet = ["aws", "hyper", "lambda", "rustls", "h2"].map(|target| (target, tracing::Level::WARN));
    let layer = fmt::layer().json().flatten_event(true).with_ansi(false).with_target(false).without_time();
    tracing_subscriber::registry()
        .with(layer)
        .with(Targets::new().with_default(level).with_targets(quiet))
        .init();
}
