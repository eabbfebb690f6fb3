//! The state of one instance, made from its settings.

use api::app::{App, Clock, StartError};

use crate::{cloudformation::CloudFormation, response_url::ResponseUrls, stack_id::StackId};

/// The clients and settings of one instance.
#[derive(Debug)]
pub struct Declarer {
    pub(crate) app: App,
    pub(crate) cloudformation: CloudFormation,
    pub(crate) response_urls: ResponseUrls,
    /// Our own stack: what declares something must share its account and region.
    pub(crate) stack_id: StackId,
    /// Our own API. Its routes are not for others to declare.
    pub(crate) own_api_id: String,
    pub(crate) clock: Clock,
}

impl Declarer {
    /// Reads the environment and opens the connection to the table.
    pub async fn from_env() -> Result<Self, StartError> {
        let app = App::from_env().await?;
        let environment = &app.environment;
        let stack_id: StackId = environment.parse("STACK_ID")?;
        let own_api_id = environment.required("API_ID")?;
        let cloudformation = CloudFormation::from_env(environment, &app.aws, &stack_id)?;
        let response_urls = ResponseUrls::from_env(environment);
        Ok(Self { app, cloudformation, response_urls, stack_id, own_api_id, clock: Clock::default() })
    }
}
