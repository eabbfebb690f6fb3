//! A request of the HTTP API: its route, its time, its caller, and everything that the client sent.

use std::collections::HashMap;

use domain::{
    Error, Time,
    id::OrganizationId,
    sign_in::{SignedIn, SubjectClaim},
    token::KeyPrefix,
};
use lambda_http::{
    Body, RequestExt as _,
    aws_lambda_events::{apigw::ApiGatewayV2httpRequestContext, query_map::QueryMap},
    http::header::{self, HeaderName, HeaderValue},
    request::RequestContext,
};
use percent_encoding::percent_decode_str;

use crate::{AuthorizerContext, BadContext, Caller, Credential, HandlerError, Member, app::Moment};

/// A request, as the gateway and the authorizer passed it on.
///
/// `C` is the caller: a [`Member`] on the routes of an organization, a [`SignedIn`] on those that need no
/// organization, and `()` on routes without an authorizer. It holds credentials in clear text, so it has no
/// `Debug`.
pub struct Request<C = Caller> {
    /// The route that the gateway chose, as `GET /v1/whoami`.
    pub route: String,
    /// When the gateway received the request. All decisions take it as the present time.
    pub now: Time,
    /// The same time, and that of the process's clock.
    pub moment: Moment,
    /// The caller.
    pub caller: C,
    /// The client's address, as the gateway saw it.
    pub source_ip: String,
    /// The gateway's id of the request.
    pub(crate) id: String,
    inner: lambda_http::Request,
}

impl Request<Member> {
    /// Reads a request of an organization's route. See [`Request::into_member`].
    pub fn read_member(request: lambda_http::Request) -> Result<Self, HandlerError> {
        Request::read(request)?.into_member()
    }
}

impl Request {
    /// Reads a request of any route with an authorizer.
    pub fn read(request: lambda_http::Request) -> Result<Self, HandlerError> {
        let caller = AuthorizerContext::of_request(&request)?.try_into()?;
        Self::new(caller, request)
    }

    /// Checks that the caller is a member of the organization in the path. To any other caller the organization
    /// is not found.
    pub fn into_member(self) -> Result<Request<Member>, HandlerError> {
        let missing = || Error::NotFound { what: "organization" };
        let organization_id = OrganizationId::parse(&self.path("organization_id")?).map_err(|_| missing())?;
        let (request, caller) = self.split();
        match caller {
            Caller::Member(member) if member.organization_id == organization_id => {
                Ok(request.with_caller(*member))
            }
            _ => Err(missing().into()),
        }
    }

    /// Checks that the caller signed in, on a route that needs no organization. Refuses access keys.
    ///
    /// `claim` is the one by which this installation knows people.
    pub fn into_signed_in(self, claim: SubjectClaim) -> Result<Request<SignedIn>, HandlerError> {
        let (request, caller) = self.split();
        match caller {
            Caller::SignIn(sign_in) => Ok(request.with_caller(SignedIn { subject_claim: claim, ..sign_in })),
            Caller::Member(_) => {
                let needs = "a sign-in; an access key belongs to one organization".to_owned();
                Err(Error::Forbidden { needs }.into())
            }
        }
    }
}

impl Request<()> {
    /// Reads a request of a route without an authorizer.
    pub fn read_open(request: lambda_http::Request) -> Result<Self, HandlerError> {
        Self::new((), request)
    }

    fn with_caller<C>(self, caller: C) -> Request<C> {
        let Self { route, now, moment, caller: (), source_ip, id, inner } = self;
        Request { route, now, moment, caller, source_ip, id, inner }
    }
}

impl<C> Request<C> {
    fn new(caller: C, request: lambda_http::Request) -> Result<Self, HandlerError> {
        let context = context(&request)?;
        let moment = Moment::of_gateway(context.time_epoch).ok_or(BadContext("time"))?;
        Ok(Self {
            route: context.route_key.clone().ok_or(BadContext("route"))?,
            now: moment.time(),
            moment,
            caller,
            source_ip: context.http.source_ip.clone().ok_or(BadContext("source address"))?,
            id: context.request_id.clone().ok_or(BadContext("request id"))?,
            inner: request,
        })
    }

    fn split(self) -> (Request<()>, C) {
        let Self { route, now, moment, caller, source_ip, id, inner } = self;
        (Request { route, now, moment, caller: (), source_ip, id, inner }, caller)
    }

    /// Returns the URL of the deployment that the client called, in lower case, without a `/` at its end.
    ///
    /// The domain is the gateway's, which serves those that are configured alone. It follows the header `Host`, and it goes into
    /// documents. So one with other characters than those of domains is refused.
    pub fn deployment(&self) -> Result<String, HandlerError> {
        let context = context(&self.inner)?;
        let plain = |text: &str, others: &[u8]| {
            !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || others.contains(&c))
        };
        let domain = context.domain_name.as_deref().ok_or(BadContext("domain"))?.to_ascii_lowercase();
        if !plain(&domain, b".-:") {
            return Err(Error::invalid("host", "must be a domain of this API").into());
        }
        let is_local = ["localhost", "127.0.0.1"].contains(&domain.split(':').next().unwrap_or_default());
        let scheme = if is_local { "http" } else { "https" };
        let stage = context.stage.as_deref().filter(|stage| *stage != "$default");
        if stage.is_some_and(|stage| !plain(stage, b"_-")) {
            return Err(BadContext("stage").into());
        }
        Ok(format!("{scheme}://{domain}{}", stage.map(|stage| format!("/{stage}")).unwrap_or_default()))
    }

    /// Returns the values of a header that are text.
    pub fn header_texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.inner.headers().get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// Returns the error for a route that the template gives to a function that does not know it.
    #[must_use]
    pub fn unknown_route(&self) -> HandlerError {
        BadContext("route").into()
    }

    /// Returns a parameter of the path.
    pub fn path(&self, name: &'static str) -> Result<String, HandlerError> {
        let value = self.inner.path_parameters_ref().and_then(|path| path.first(name));
        Ok(value.ok_or(BadContext("path"))?.to_owned())
    }

    /// Returns the path with the values of its parameters, as the client sent it.
    pub(crate) fn raw_path(&self) -> &str {
        self.inner.uri().path()
    }

    /// Returns the query parameters. Refuses a parameter that is not in `known`, that is given twice, or that is not
    /// UTF-8 after decoding.
    pub fn query(&self, known: &[&str]) -> Result<HashMap<String, String>, HandlerError> {
        let mut found = HashMap::new();
        let query = self.inner.query_string_parameters_ref();
        for (name, value) in query.into_iter().flat_map(QueryMap::iter) {
            if name.trim().is_empty() {
                return Err(Error::invalid("query", "must give each parameter a name").into());
            }
            if !known.contains(&name) {
                let takes = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let rule = format!("is not a parameter of this route; it takes {takes}");
                return Err(Error::invalid(name, rule).into());
            }
            if !self.is_utf8(name) {
                return Err(Error::invalid(name, "must be percent-encoded UTF-8").into());
            }
            if found.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(Error::invalid(name, "must be given once").into());
            }
        }
        Ok(found)
    }

    /// Tells whether each value of a query parameter is UTF-8 after decoding. The event does not say: it holds U+FFFD in
    /// the place of other bytes, and a client may send U+FFFD itself.
    fn is_utf8(&self, name: &str) -> bool {
        let pairs = self.inner.uri().query().unwrap_or_default().split('&');
        let mut values = pairs
            .filter_map(|pair| pair.split_once('='))
            .filter(|(encoded, _)| percent_decode_str(encoded).decode_utf8_lossy() == name)
            .map(|(_, value)| percent_decode_str(value));
        values.all(|value| value.decode_utf8().is_ok())
    }

    /// Returns the values of a query parameter, as often as it is given.
    pub fn query_values(&self, name: &str) -> Vec<String> {
        let query = self.inner.query_string_parameters_ref().and_then(|query| query.all(name));
        query.unwrap_or_default().into_iter().map(str::to_owned).collect()
    }

    /// Returns the cookies that are UTF-8, each as `name=value` with the white space around it.
    /// [`only_cookie`](crate::only_cookie) finds one.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        let cookies = self.header_values(&header::COOKIE).flat_map(|line| line.split(|byte| *byte == b';'));
        cookies.filter_map(|cookie| str::from_utf8(cookie).ok())
    }

    /// Returns each value of a header, empty if the value is not text.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.inner.headers().get_all(name).iter().map(|value| value.to_str().unwrap_or_default())
    }

    /// Returns each value of a header as bytes.
    pub(crate) fn header_values(&self, name: &HeaderName) -> impl Iterator<Item = &[u8]> {
        self.inner.headers().get_all(name).iter().map(HeaderValue::as_bytes)
    }

    /// Returns a header's first value, empty if the value is not text.
    fn header(&self, name: &str) -> Option<&str> {
        self.inner.headers().get(name).map(|value| value.to_str().unwrap_or_default())
    }

    /// Returns the access key that the caller sent; `None` if the caller signed in.
    #[must_use]
    pub fn token(&self, prefix: &KeyPrefix) -> Option<String> {
        let headers = self.inner.headers().iter();
        let headers = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
        match Credential::in_headers(headers, prefix) {
            Ok(Credential::Token(text)) => Some(text),
            Ok(Credential::Jwt(_)) | Err(_) => None,
        }
    }

    /// Returns the media type of the body in lower case, without parameters.
    #[must_use]
    pub fn content_type(&self) -> Option<String> {
        let value = self.header(header::CONTENT_TYPE.as_str())?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// Returns the body as the client sent it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self.inner.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => &[],
        }
    }
}

fn context(request: &lambda_http::Request) -> Result<&ApiGatewayV2httpRequestContext, BadContext> {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => Ok(context),
        _ => Err(BadContext("gateway")),
    }
}

#[cfg(test)]
mod tests;
