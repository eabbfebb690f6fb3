//! The AWS endpoints: one listener that recognizes each service by its protocol, and the faults before them.

pub(crate) mod bus;
pub(crate) mod calls;
pub(crate) mod cloudformation;
pub(crate) mod dynamodb;
pub(crate) mod faults;
mod identify;
pub(crate) mod mail;
pub(crate) mod mutants;
pub(crate) mod permissions;
mod refusals;
mod rotation;
pub(crate) mod secrets;
pub(crate) mod ses;
mod sign;
#[cfg(test)]
mod tests;
mod unprocessed;

use std::{net::SocketAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::{Request, StatusCode, body::Incoming, http::request::Parts};
use tokio::net::TcpListener;

use self::{
    bus::Bus,
    calls::{Calls, Service},
    cloudformation::CloudFormation,
    dynamodb::DynamoDb,
    faults::{Effect, Faults},
    identify::AwsRequest,
    mutants::Mutants,
    permissions::Permissions,
    secrets::Secrets,
    ses::Ses,
    unprocessed::UnprocessedPart,
};
use crate::{
    http::{self, Connection, ConnectionDropped, IdleConnections, Response},
    runtime::Runtime,
    web_pages,
};

/// The longest body that a service accepts.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// The services, the faults before them, and the record of their calls.
#[derive(Debug)]
pub(crate) struct Aws {
    pub(crate) dynamodb: DynamoDb,
    pub(crate) ses: Ses,
    pub(crate) bus: Bus,
    pub(crate) secrets: Secrets,
    pub(crate) cloudformation: CloudFormation,
    pub(crate) faults: Faults,
    pub(crate) calls: Calls,
    pub(crate) mutants: Mutants,
    pub(crate) idle: IdleConnections,
    pub(crate) permissions: Permissions,
    pub(crate) runtime: Arc<Runtime>,
}

/// Serves the endpoints until its task ends.
pub(crate) async fn serve(listener: TcpListener, aws: Arc<Aws>) {
    let handler = move |request: Request<Incoming>, _: SocketAddr| {
        let aws = Arc::clone(&aws);
        async move {
            let (head, body) = request.into_parts();
            if web_pages::may_have_sent(&head) {
                return Ok(http::response(
                    StatusCode::FORBIDDEN,
                    "text/plain",
                    web_pages::REFUSAL.to_owned(),
                ));
            }
            let connection = head.extensions.get::<Connection>().cloned().unwrap_or_default();
            aws.idle.check(&connection)?;
            let body = http::read(body, MAX_BODY_BYTES).await?.map_err(|_| ConnectionDropped)?;
            let response = aws.handle(&head, body).await;
            aws.idle.rest(&connection);
            response
        }
    };
    http::serve(listener, handler).await;
}

impl Aws {
    /// Returns the effects of faults on a call that the stack itself makes in the name of a service.
    pub(crate) fn strike(&self, service: Service, operation: &str) -> Vec<Effect> {
        self.faults.strike(service, operation, None, &[])
    }

    async fn handle(&self, head: &Parts, body: Bytes) -> Result<Response, ConnectionDropped> {
        let request = AwsRequest::identify(head, &body);
        let _at_work = self.calls.at_work();
        // What an instance had sent when it was killed, and nobody had read yet, never arrived.
        if request.caller.as_ref().is_some_and(|caller| self.runtime.has_ended(caller)) {
            return Err(ConnectionDropped);
        }
        let record = self.calls.begin(request.service, &request.operation, request.caller.as_ref(), &body);
        if let Some(refusal) = self.permissions.refuse(&request, &body) {
            self.calls.end(record, refusal.status());
            return Ok(refusal);
        }
        let AwsRequest { service, operation, caller, form, .. } = request;
        let recipients = form.as_ref().map(mail::destinations).unwrap_or_default();
        let mut effects = self.faults.strike(service, &operation, caller.as_ref(), &recipients);
        let _going = if effects.contains(&Effect::Hold) {
            let (going, effect) = self.faults.holds.hold(&operation, caller.as_ref(), &body).await;
            effects.extend(effect);
            Some(going)
        } else {
            None
        };

        let mut body = self.mutants.pass(service, &operation, caller.as_ref(), body);
        let (mut unprocessed, mut metered) = (None, false);
        for effect in &effects {
            match effect {
                Effect::Latency { milliseconds } => {
                    tokio::time::sleep(std::time::Duration::from_millis(*milliseconds)).await;
                }
                Effect::LoseRequest => return Err(ConnectionDropped),
                Effect::KillBefore => {
                    if let Some(caller) = &caller {
                        self.runtime.kill(caller).await;
                    }
                    return Err(ConnectionDropped);
                }
                Effect::Unprocessed { count } => {
                    unprocessed = UnprocessedPart::split_off(&operation, &body, *count);
                    if let Some(unprocessed) = &unprocessed {
                        body = unprocessed.rest.clone();
                    }
                }
                Effect::PartitionReads { units_per_second } => {
                    metered = true;
                    if !self.faults.reads.admit(&operation, &body, *units_per_second, Instant::now()) {
                        let response = refusals::refuse(service, &operation, &body, &Effect::Throttle);
                        self.calls.end(record, response.status());
                        return Ok(response);
                    }
                }
                Effect::Hold | Effect::LoseReply | Effect::KillAfter => {}
                refusal => {
                    let response = refusals::refuse(service, &operation, &body, refusal);
                    self.calls.end(record, response.status());
                    return Ok(response);
                }
            }
        }

        let response = match (&unprocessed, service) {
            (Some(unprocessed), _) if unprocessed.is_everything => unprocessed.to_response(),
            (_, Service::DynamoDb) if operation == identify::HEALTH => dynamodb::healthy(),
            (unprocessed, Service::DynamoDb) => {
                let response = self.dynamodb.handle(&operation, &head.headers, body.clone()).await?;
                if metered {
                    let read = response.body().clone().collect().await.map_err(|_| ConnectionDropped)?;
                    self.faults.reads.charge(&operation, &body, &read.to_bytes());
                }
                match unprocessed {
                    Some(unprocessed) => unprocessed.add_to(response).await,
                    None => response,
                }
            }
            (_, Service::Ses) => self.ses.handle(&operation, &form.unwrap_or_default()),
            (_, Service::EventBridge) => self.bus.handle(&operation, &body),
            (_, Service::SecretsManager) if operation == "RotateSecret" => self.handle_rotation(&body).await,
            (_, Service::SecretsManager) => self.secrets.handle(&operation, &body),
            (_, Service::CloudFormation) => self.cloudformation.handle(&operation, &form.unwrap_or_default()),
            (_, Service::S3) => self.cloudformation.put(head.uri.path(), &body),
        };
        if response.status() == StatusCode::BAD_REQUEST
            && let Some(caller) = caller.as_ref().filter(|_| self.mutants.collects())
        {
            let refusal = response.body().clone().collect().await.map_err(|_| ConnectionDropped)?;
            self.mutants.note_refused(&operation, caller, &body, &refusal.to_bytes());
        }
        if effects.contains(&Effect::KillAfter)
            && let Some(caller) = &caller
        {
            self.runtime.kill(caller).await;
            return Err(ConnectionDropped);
        }
        if effects.contains(&Effect::LoseReply) {
            return Err(ConnectionDropped);
        }
        self.calls.end(record, response.status());
        Ok(response)
    }
}
