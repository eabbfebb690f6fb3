//! The AWS endpoints: one listener that knows each service by its protocol, and the fault layer before them.

pub(crate) mod calls;
pub(crate) mod dynamodb;
pub(crate) mod faults;
mod identify;
pub(crate) mod mail;
mod refusals;
pub(crate) mod secrets;
pub(crate) mod ses;
mod sign;
#[cfg(test)]
mod tests;
mod unprocessed;

use std::{net::SocketAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::{Request, body::Incoming, http::request::Parts};
use tokio::net::TcpListener;

use self::{
    calls::{Calls, Service},
    dynamodb::DynamoDb,
    faults::{Effect, Faults},
    identify::Identified,
    secrets::Secrets,
    ses::Ses,
};
use crate::{
    http::{self, Answer, Dropped},
    runtime::Runtime,
};

/// As much as any of the services takes.
const LIMIT: usize = 16 * 1024 * 1024;

/// Every service, and what stands before it.
#[derive(Debug)]
pub(crate) struct Aws {
    pub(crate) dynamodb: DynamoDb,
    pub(crate) ses: Ses,
    pub(crate) secrets: Secrets,
    pub(crate) faults: Faults,
    pub(crate) calls: Calls,
    pub(crate) runtime: Arc<Runtime>,
}

/// Serves the endpoints until its task ends.
pub(crate) async fn serve(listener: TcpListener, aws: Arc<Aws>) {
    let handler = move |request: Request<Incoming>, _: SocketAddr| {
        let aws = Arc::clone(&aws);
        async move {
            let (head, body) = request.into_parts();
            let body = http::read(body, LIMIT).await?.map_err(|_| Dropped)?;
            aws.answer(&head, body).await
        }
    };
    http::serve(listener, handler).await;
}

impl Aws {
    async fn answer(&self, head: &Parts, body: Bytes) -> Result<Answer, Dropped> {
        let Identified { service, operation, caller, form } = identify::identify(head, &body);
        let record = self.calls.begin(service, &operation, caller.as_ref(), &body);
        let recipients = form.as_ref().map(mail::destinations).unwrap_or_default();
        let effects = self.faults.strike(service, &operation, caller.as_ref(), &recipients);

        let mut body = body;
        let (mut held_back, mut metered) = (None, false);
        for effect in &effects {
            match effect {
                Effect::Latency { milliseconds } => {
                    tokio::time::sleep(std::time::Duration::from_millis(*milliseconds)).await;
                }
                Effect::LoseRequest => return Err(Dropped),
                Effect::KillBefore => {
                    if let Some(caller) = &caller {
                        self.runtime.kill(caller).await;
                    }
                    return Err(Dropped);
                }
                Effect::Unprocessed { count } => {
                    held_back = unprocessed::hold_back(&operation, &body, *count);
                    if let Some(held_back) = &held_back {
                        body = held_back.rest.clone();
                    }
                }
                Effect::PartitionReads { units_per_second } => {
                    metered = true;
                    if !self.faults.reads.admit(&operation, &body, *units_per_second, Instant::now()) {
                        let answer = refusals::refuse(service, &operation, &body, &Effect::Throttle);
                        self.calls.end(record, answer.status());
                        return Ok(answer);
                    }
                }
                Effect::LoseReply | Effect::KillAfter => {}
                refusal => {
                    let answer = refusals::refuse(service, &operation, &body, refusal);
                    self.calls.end(record, answer.status());
                    return Ok(answer);
                }
            }
        }

        let answer = match (&held_back, service) {
            (Some(held_back), _) if held_back.is_everything => held_back.answer_alone(),
            (_, Service::DynamoDb) if operation == identify::HEALTH => dynamodb::healthy(),
            (held_back, Service::DynamoDb) => {
                let answer = self.dynamodb.answer(&operation, &head.headers, body.clone()).await?;
                if metered {
                    let read = answer.body().clone().collect().await.map_err(|_| Dropped)?;
                    self.faults.reads.charge(&operation, &body, &read.to_bytes());
                }
                match held_back {
                    Some(held_back) => held_back.add_to(answer).await,
                    None => answer,
                }
            }
            (_, Service::Ses) => self.ses.answer(&operation, &form.unwrap_or_default()),
            (_, Service::SecretsManager) => self.secrets.answer(&operation, &body),
        };
        if effects.contains(&Effect::KillAfter)
            && let Some(caller) = &caller
        {
            self.runtime.kill(caller).await;
            return Err(Dropped);
        }
        if effects.contains(&Effect::LoseReply) {
            return Err(Dropped);
        }
        self.calls.end(record, answer.status());
        Ok(answer)
    }
}
