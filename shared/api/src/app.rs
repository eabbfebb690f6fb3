//! The start of a function: its settings, its clients and its log.

mod aws;
mod clock;
mod environment;
mod http;
mod moment;
mod pepper;
mod pool_timer;
mod roots;
mod secret;
mod verified_tokens;
mod wrong_secrets;

use std::num::NonZeroU32;

use domain::token::KeyPrefix;
use table::{Settings, Table};
use tokio::try_join;

pub use aws::Aws;
pub use clock::Clock;
pub use environment::{BadSetting, Environment};
pub use http::{Exchange, ExchangeFailure};
pub use moment::Moment;
pub use pepper::{Pepper, PepperFailure, SecretMatch};
pub use secret::{Put, Secret, SecretFailure, SecretVersion};
pub use wrong_secrets::KnownWrong;

/// The clients and settings with which a function answers requests. `P` is the [`Pepper`] where it handles secrets.
#[derive(Debug)]
pub struct App<P = ()> {
    /// The single table.
    pub table: Table,
    /// The first characters of each token of this installation.
    pub key_prefix: KeyPrefix,
    /// The pepper, or nothing where the function handles no secrets.
    pub pepper: P,
    /// The environment, for settings of a single function.
    pub environment: Environment,
    /// The configuration of the clients of other services.
    pub aws: Aws,
}

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Setting(#[from] BadSetting),
    /// The pepper cannot be fetched.
    #[error("the pepper cannot be fetched")]
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
            http::yield_until_sent().await;
            Ok(table(&environment, &aws).await?)
        };
        let (pepper, table) = try_join!(pepper, table)?;
        Ok(Self { table, key_prefix: environment.parse("KEY_PREFIX")?, pepper, environment, aws })
    }
}

/// Makes the table's client and opens its connection.
async fn table(environment: &Environment, aws: &Aws) -> Result<Table, BadSetting> {
    let settings = Settings {
        due_shards: environment.parse_or("DUE_SHARDS", NonZeroU32::MIN)?,
        audit_retention_days: environment.parse_or("AUDIT_RETENTION_DAYS", 400)?,
    };
    let table = Table::new(aws.dynamodb(), environment.required("TABLE_NAME")?, settings);
    aws.connect_to_dynamodb().await;
    Ok(table)
}
