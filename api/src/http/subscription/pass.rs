//! The right to have a stream open: a good token, looked at again and again.

use std::net::IpAddr;

use super::streams::Admission;
use crate::auth::token;
use crate::http::Shared;
use crate::http::sign_in::{self, SignedIn, Stranger};
use crate::telemetry::measure::Subscriber;

/// Why a stream may not be opened, or not stay open.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The token is not good, or cannot be looked at.
    Stranger(Stranger),
    /// The token is good, but what its person may do has changed since.
    RightsChanged,
    /// The token has as many streams as it may.
    TooMany,
}

/// The right to have a stream open. Its place is free again when this is dropped.
pub(super) struct Pass {
    /// Who has it.
    pub signed_in: SignedIn,
    token: String,
    _place: Admission,
    _counted: Subscriber,
}

impl Pass {
    /// A pass for whoever sends this token from this address, for a stream over this transport.
    pub async fn of(
        shared: &Shared,
        address: IpAddr,
        token: Option<&str>,
        transport: &'static str,
    ) -> Result<Self, Refusal> {
        let signed_in = sign_in::recognise(shared, address, token).await.map_err(Refusal::Stranger)?;
        let token = token.unwrap_or_default().to_owned();
        let place = shared.streams.admit(&token).ok_or(Refusal::TooMany)?;
        Ok(Self { signed_in, token, _place: place, _counted: Subscriber::over(transport) })
    }

    /// Whether it is still good. A database that cannot be asked changes nothing: it will be asked again.
    pub async fn look_again(&self, shared: &Shared) -> Result<(), Refusal> {
        let engine = &shared.app.engine;
        match token::check(&engine.db, engine.clock.as_ref(), Some(&self.token)).await {
            Ok(Ok(viewer)) if viewer == self.signed_in.viewer => Ok(()),
            Ok(Ok(_)) => Err(Refusal::RightsChanged),
            Ok(Err(reason)) => Err(Refusal::Stranger(Stranger::Unauthenticated(reason))),
            Err(error) => {
                tracing::error!(%error, "A token could not be checked");
                Ok(())
            }
        }
    }
}
