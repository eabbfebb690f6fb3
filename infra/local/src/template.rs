//! Reads `template.yaml`: the parts that the stack serves, with every value resolved for this machine.
//!
//! Written by hand, because no crate reads SAM templates and resolves their intrinsic functions. Delete when one does.

pub(crate) mod api;
mod declaration;
pub(crate) mod functions;
pub(crate) mod names;
mod parameters;
pub(crate) mod pipe;
pub(crate) mod policy;
pub(crate) mod resolve;
mod resources;
pub(crate) mod rotation;
mod rules;
pub(crate) mod store;
mod yaml;

use std::collections::BTreeMap;

use serde_json::Value;

pub use self::declaration::{FunctionDeclaration, Permission, functions as declared_functions};
pub use self::resources::resources as declared_resources;
use self::{
    api::Api,
    functions::{FunctionSettings, Schedule},
    pipe::PipeDeclaration,
    policy::Role,
    resolve::{Resolver, object, plain_text},
    store::{SecretDeclaration, Table},
};
use crate::error::TemplateError;

/// The region in every ARN but a function's.
pub(crate) const REGION: &str = "us-east-1";
/// The account in every ARN.
pub(crate) const ACCOUNT: &str = "000000000000";
/// The name of the table.
pub(crate) const TABLE: &str = "access-keys";
/// The audience of the development issuer's tokens.
pub(crate) const AUDIENCE: &str = "access-keys";

/// The name of the secret that `infra/rotation/template.yaml` rotates.
const CONSUMER_SECRET: &str = "consumer";

/// The client id of the console at the development issuer.
const CONSOLE_CLIENT: &str = "access-keys-console";

/// The parameters that have a value of this machine, whatever their default.
const LOCAL_PARAMETERS: [&str; 7] =
    ["OidcIssuer", "OidcAudience", "MailFrom", "ConsoleClientId", "ConsoleUrl", "SessionCookie", "SecretArn"];

/// A template with every value resolved for this machine.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) functions: Vec<FunctionSettings>,
    pub(crate) schedules: Vec<Schedule>,
    pub(crate) api: Api,
    pub(crate) tables: Vec<Table>,
    pub(crate) secrets: Vec<SecretDeclaration>,
    /// The role of each function, by the name of the function.
    pub(crate) roles: BTreeMap<String, Role>,
    /// The pipe of the lifecycle events, if its condition is met.
    pub(crate) pipe: Option<PipeDeclaration>,
    /// The client id of the console at the issuer; empty without a console.
    pub(crate) console_client: String,
    /// The secret that holds the client's secret, if it has one.
    pub(crate) client_secret: Option<String>,
}

impl Template {
    /// Reads a template. `urls` are those of this machine; `given` overrides parameters.
    pub(crate) fn read(
        text: &str,
        urls: &LocalUrls,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let template = yaml::parse(text)?;
        if !template["Resources"].is_object() {
            return Err(TemplateError::new("Resources", "is missing"));
        }
        let resolver = Resolver::new(&template, &with_local_values(&template, urls, given))?;
        rules::check(&template, &resolver)?;
        let resources = present(&template, &resolver)?;
        let client_secret = resolver.parameter("ConsoleClientSecretId").map(str::to_owned);
        let mut secrets = store::secrets(&template, &resolver)?;
        // Somebody else made it, and the template knows its name alone.
        secrets.extend(client_secret.as_deref().map(store::SecretDeclaration::made_elsewhere));
        let pipe = pipe::read(&resources, &resolver)?;
        Ok(Self {
            functions: functions::read(&template, &resources, &resolver)?,
            schedules: functions::schedules(&template, &resources, &resolver)?,
            api: Api::read(&template, &resources, &resolver)?,
            tables: store::tables(&template, &resolver, pipe.is_some())?,
            secrets,
            roles: pipe::with_role(policy::roles(&template, &resources, &resolver)?, pipe.as_ref()),
            pipe,
            console_client: resolver.parameter("ConsoleClientId").unwrap_or_default().to_owned(),
            client_secret,
        })
    }
}

/// The resources whose condition is met, by name.
pub(crate) type Resources<'t> = Vec<(&'t str, &'t Value)>;

fn present<'t>(template: &'t Value, resolver: &Resolver) -> Result<Resources<'t>, TemplateError> {
    let mut resources = Vec::new();
    for (name, resource) in object(&template["Resources"]) {
        if resolver.has(resource)? {
            resources.push((name.as_str(), resource));
        }
    }
    Ok(resources)
}

/// The URLs of this machine that parameters take.
#[derive(Debug, Clone, Default)]
pub(crate) struct LocalUrls {
    /// The development issuer's.
    pub(crate) issuer: String,
    /// The console's.
    pub(crate) console: String,
}

impl LocalUrls {
    /// Returns URLs of nowhere, for readers of the template that start nothing.
    pub(crate) fn example() -> Self {
        let (issuer, console) = ("https://issuer.example", "https://console.example/console");
        Self { issuer: issuer.to_owned(), console: console.to_owned() }
    }
}

fn with_local_values(
    template: &Value,
    urls: &LocalUrls,
    given: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let consumer = names::secret_arn(CONSUMER_SECRET);
    let values = [
        &urls.issuer,
        AUDIENCE,
        "access-keys@example.com",
        CONSOLE_CLIENT,
        &urls.console,
        // Without `__Host-`, which some browsers refuse where there is no TLS.
        "access-keys-session",
        &consumer,
    ];
    let mut parameters = given.clone();
    for (name, value) in LOCAL_PARAMETERS.into_iter().zip(values) {
        let default = plain_text(&template["Parameters"][name]["Default"]);
        if name != "MailFrom" || default.is_empty() {
            parameters.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "http://127.0.0.1:3000/_local/oidc";

    fn urls() -> LocalUrls {
        LocalUrls { issuer: ISSUER.to_owned(), console: "http://127.0.0.1:3000/console".to_owned() }
    }

    #[test]
    fn a_template_is_resolved_for_this_machine() {
        let template =
            Template::read(include_str!("template/fixture.yaml"), &urls(), &BTreeMap::new()).unwrap();
        let names: Vec<_> = template.functions.iter().map(|function| function.name.as_str()).collect();
        assert_eq!(names, ["authorize-request", "describe-caller", "notify-expiring-keys"]);
        let authorizer = &template.functions[0];
        assert_eq!(authorizer.environment["OIDC_ISSUER"], ISSUER);
        assert_eq!(authorizer.environment["TABLE_NAME"], TABLE);
        assert_eq!(authorizer.environment["PEPPER_ARN"], names::secret_arn("Pepper"));
        assert_eq!(authorizer.environment["KEY_PREFIX"], "ak");
        assert_eq!(authorizer.timeout.as_secs(), 5);
        assert_eq!(authorizer.memory_megabytes, 256);
        assert_eq!(template.functions[1].environment["MAIL_FROM"], "access-keys@example.com");
        assert_eq!(template.schedules[0].every.map(|every| every.as_secs()), Some(300));
        assert_eq!(template.tables[0].create["TableName"], TABLE);
        assert_eq!(template.tables[0].ttl_attribute.as_deref(), Some("ttl"));
        assert_eq!(template.secrets[0].generated_key.as_deref(), Some("1"));
    }

    #[test]
    fn parameters_can_be_overridden_but_not_invented() {
        let text = include_str!("template/fixture.yaml");
        let given = BTreeMap::from([("KeyPrefix".to_owned(), "acme".to_owned())]);
        let template = Template::read(text, &urls(), &given).unwrap();
        assert_eq!(template.functions[0].environment["KEY_PREFIX"], "acme");
        let given = BTreeMap::from([("KeyPrefx".to_owned(), "acme".to_owned())]);
        let problem = Template::read(text, &urls(), &given).unwrap_err().to_string();
        assert_eq!(problem, "parameter KeyPrefx: is not declared");
    }

    #[test]
    fn a_template_without_resources_is_refused() {
        let problem = Template::read("Parameters: {}", &urls(), &BTreeMap::new()).unwrap_err();
        assert_eq!(problem.to_string(), "Resources: is missing");
    }
}
