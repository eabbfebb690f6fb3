//! The routes that APIs declare for themselves, at most ten seconds old.

use std::{sync::Arc, time::Duration};

use api::app::Moment;
use domain::route_declaration::RouteDeclaration;
use table::Table;

use crate::{
    authorizer_request::AuthorizerRequest,
    cache::{Cache, Weighed},
};

/// The greatest age of what is kept, and so the longest time that a change of a declaration takes.
const MAX_AGE: Duration = Duration::from_secs(10);

/// The most memory for declarations, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// What an API declares of its routes; `None` for an API that declares nothing.
#[derive(Debug)]
pub(crate) struct Declaration(Option<RouteDeclaration>);

impl Declaration {
    /// Returns what the API declares.
    pub(crate) const fn get(&self) -> Option<&RouteDeclaration> {
        self.0.as_ref()
    }
}

impl Weighed for Declaration {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.0.as_ref().map_or(0, RouteDeclaration::bytes)
    }
}

/// Declarations by the ids of their APIs.
#[derive(Debug)]
pub(crate) struct DeclarationCache(Cache<String, Declaration>);

impl Default for DeclarationCache {
    fn default() -> Self {
        Self(Cache::new(MAX_AGE, MAX_BYTES))
    }
}

impl DeclarationCache {
    /// Returns what the API of a request declares. This API declares nothing, so nothing is read for it.
    ///
    /// What cannot be read is a failure, never an open route.
    pub(crate) async fn of(
        &self,
        table: &Table,
        request: &AuthorizerRequest,
    ) -> Result<Arc<Declaration>, table::Error> {
        if request.sign_in_routes {
            return Ok(Arc::new(Declaration(None)));
        }
        self.get(table, &request.ids.api_id, request.moment).await
    }

    /// Returns what an API declares, and reads it where what is kept of it is too old. An age counts from the start of
    /// the request that reads. That there is no declaration is kept too.
    async fn get(
        &self,
        table: &Table,
        api_id: &String,
        now: Moment,
    ) -> Result<Arc<Declaration>, table::Error> {
        if let Some(declaration) = self.0.get(api_id, now) {
            return Ok(declaration);
        }
        let stored = table.declared_routes(api_id).await?;
        let in_force =
            stored.map(|routes| routes.in_force().cloned().ok_or_else(table::Error::no_declaration));
        let declaration = Arc::new(Declaration(in_force.transpose()?));
        self.0.put(api_id.clone(), now, Arc::clone(&declaration));
        Ok(declaration)
    }
}
