//! `DynamoDB`: the engine in this process, or another one behind an endpoint.

use bytes::Bytes;
use dynoxide::Database;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Method, Request, Response, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde_json::{Value, json};

use crate::{
    data::Data,
    error::StackError,
    http::{self, Answer, Dropped, HttpClient},
    tasks::Tasks,
    template::{REGION, TABLE, store::Table},
};

/// Forwards requests to an engine.
#[derive(Debug)]
pub(crate) struct DynamoDb {
    client: HttpClient,
    endpoint: Uri,
}

const FILE: &str = "dynamodb.sqlite";
const MEDIA_TYPE: &str = "application/x-amz-json-1.0";

/// Opens the engine, and serves it on a private port: its own server is what knows the wire format.
pub(crate) async fn start_engine(data: &Data, tasks: &Tasks) -> Result<(Database, String), StackError> {
    let damaged = |_| data.damaged(FILE);
    let database = match data.path(FILE) {
        Some(path) => Database::new(&path.to_string_lossy()).map_err(damaged)?,
        None => Database::memory().map_err(damaged)?,
    };
    let (listener, address) = http::listen(0, "").await?;
    let served = database.clone();
    tasks.spawn(dynoxide::server::serve_on(listener, served));
    Ok((database, format!("http://{address}")))
}

impl DynamoDb {
    /// Points at an engine.
    pub(crate) fn at(endpoint: &str) -> Result<Self, StackError> {
        let refused = |message: &str| StackError::Table {
            endpoint: endpoint.to_owned(),
            message: message.to_owned(),
        };
        let parsed: Uri = endpoint
            .parse()
            .map_err(|_| refused("is not a URL: write http://host:port"))?;
        match parsed.scheme_str() {
            Some("http") if parsed.authority().is_some() => Ok(Self {
                client: http::client(),
                endpoint: parsed,
            }),
            _ => Err(refused("is not a URL that starts with http://")),
        }
    }

    /// Creates the table of the template unless it is there.
    pub(crate) async fn create(&self, table: &Table) -> Result<(), StackError> {
        let described = self.ask("DescribeTable", &json!({ "TableName": TABLE })).await?;
        if described.is_ok() {
            return Ok(());
        }
        self.ask("CreateTable", &table.create)
            .await?
            .map_err(|message| self.refused(message))?;
        if let Some(attribute) = &table.ttl_attribute {
            let specification = json!({ "AttributeName": attribute, "Enabled": true });
            let request = json!({ "TableName": TABLE, "TimeToLiveSpecification": specification });
            self.ask("UpdateTimeToLive", &request)
                .await?
                .map_err(|message| self.refused(message))?;
        }
        Ok(())
    }

    async fn ask(&self, operation: &str, request: &Value) -> Result<Result<(), String>, StackError> {
        let mut headers = HeaderMap::new();
        let target = format!("DynamoDB_20120810.{operation}").parse();
        headers.insert(
            "x-amz-target",
            target.expect("an operation's name is a header value"),
        );
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        let answer = self.forward(&headers, request.to_string().into()).await;
        let answer =
            answer.map_err(|_| self.refused("does not answer: start it, or check the URL".to_owned()))?;
        let status = answer.status();
        let body = answer
            .into_body()
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        Ok(if status.is_success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&body).into_owned())
        })
    }

    fn refused(&self, message: String) -> StackError {
        StackError::Table {
            endpoint: self.endpoint.to_string(),
            message,
        }
    }

    /// Sends a request on, under one identity: `DynamoDB` Local keeps a database for each access key.
    pub(crate) async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Result<Answer, Dropped> {
        let mut request = Request::builder().method(Method::POST).uri(self.endpoint.clone());
        for name in ["x-amz-target", "content-type"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let identity = format!(
            "AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
        );
        let request = request
            .header(AUTHORIZATION, identity)
            .header("x-amz-date", "20260101T000000Z");
        let request = request.body(Full::new(body)).map_err(|_| Dropped)?;
        let (head, body) = self
            .client
            .request(request)
            .await
            .map_err(|_| Dropped)?
            .into_parts();
        let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
        let mut answer = Response::new(Full::new(body));
        *answer.status_mut() = head.status;
        for name in ["content-type", "x-amzn-requestid", "x-amz-crc32"] {
            if let Some(value) = head.headers.get(name) {
                answer.headers_mut().insert(name, value.clone());
            }
        }
        Ok(answer)
    }
}
