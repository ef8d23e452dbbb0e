//! The right to have a stream open: a good token, looked at again and again.

use crate::auth::Viewer;
use crate::auth::token::{self, Unauthenticated};
use crate::http::Shared;

use super::streams::Admission;

/// Why a stream may not be opened, or not stay open.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The token is not good.
    Unauthenticated(Unauthenticated),
    /// The token is good, but what its person may do has changed since.
    RightsChanged,
    /// The token has as many streams as it may.
    TooMany,
    /// The database cannot be asked.
    Unavailable,
}

/// The right to have a stream open. Its place is free again when this is dropped.
pub(super) struct Pass {
    /// Who has it.
    pub viewer: Viewer,
    token: String,
    _place: Admission,
}

impl Pass {
    /// A pass for whoever sends this token.
    pub async fn of(shared: &Shared, token: Option<&str>) -> Result<Self, Refusal> {
        let viewer = check(shared, token).await?;
        let token = token.unwrap_or_default().to_owned();
        let place = shared.streams.admit(&token).ok_or(Refusal::TooMany)?;
        Ok(Self { viewer, token, _place: place })
    }

    /// Whether it is still good. A database that cannot be asked changes nothing: it will be asked again.
    pub async fn look_again(&self, shared: &Shared) -> Result<(), Refusal> {
        match check(shared, Some(&self.token)).await {
            Ok(viewer) if viewer == self.viewer => Ok(()),
            Ok(_) => Err(Refusal::RightsChanged),
            Err(Refusal::Unavailable) => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }
}

async fn check(shared: &Shared, token: Option<&str>) -> Result<Viewer, Refusal> {
    let engine = &shared.app.engine;
    match token::check(&engine.db, engine.clock.as_ref(), token).await {
        Ok(Ok(viewer)) => Ok(viewer),
        Ok(Err(reason)) => Err(Refusal::Unauthenticated(reason)),
        Err(error) => {
            tracing::error!(%error, "A token could not be checked");
            Err(Refusal::Unavailable)
        }
    }
}
