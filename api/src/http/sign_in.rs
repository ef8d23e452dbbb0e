//! Who sends a token: the first step of every request, whatever transport it came by.

use std::net::IpAddr;
use std::time::Duration;

use finbridge_domain::Clock;
use tracing::Span;

use super::Shared;
use crate::auth::Viewer;
use crate::auth::token::{self, Unauthenticated};
use crate::graphql::guard::refusal::{Manner, Refusal, seconds};
use crate::telemetry::measure;

/// Somebody whose token is good.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn {
    /// Who.
    pub viewer: Viewer,
    /// A digest of the token, by which its points are kept.
    pub(super) token: [u8; 32],
}

/// Why somebody is not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// The token is not good.
    Unauthenticated(Unauthenticated),
    /// Too many unknown tokens came from the address; this one is not looked at before so long.
    Guessing(Duration),
    /// The database cannot be asked.
    Unavailable,
}

/// Finds out who sends this token.
///
/// # Errors
/// When it is not good, its address sent too many unknown ones, or the database cannot be reached.
pub async fn sign_in(shared: &Shared, address: IpAddr, bearer: Option<&str>) -> Result<SignedIn, Refusal> {
    let signed_in = recognise(shared, address, bearer).await.map_err(|stranger| refused(shared, stranger));
    let signed_in = signed_in.inspect_err(|refusal| measure::refused("unknown", refusal.code()))?;
    Span::current().record("organization", tracing::field::display(signed_in.viewer.organization_id));
    Ok(signed_in)
}

/// The refusal of somebody who is not signed in.
pub fn refused(shared: &Shared, stranger: Stranger) -> Refusal {
    match stranger {
        Stranger::Unauthenticated(reason) => unauthenticated(reason),
        Stranger::Guessing(wait) => {
            let message = format!(
                "Too many unknown tokens came from your address; send the right one in {} seconds",
                seconds(wait)
            );
            Refusal::new(Manner::Throttled, "THROTTLED", message)
                .with("limit", "UNKNOWN_TOKENS")
                .with("maximum", shared.gate.limits().unknown_tokens_per_minute)
                .after(wait)
        }
        Stranger::Unavailable => {
            let message = "The database cannot be reached; try again";
            Refusal::new(Manner::Unavailable, "UNAVAILABLE", message)
        }
    }
}

/// Finds out who sends this token, for transports that refuse in words of their own.
///
/// # Errors
/// Why nobody is signed in by it.
pub async fn recognise(shared: &Shared, address: IpAddr, bearer: Option<&str>) -> Result<SignedIn, Stranger> {
    let Some(bearer) = bearer else { return Err(Stranger::Unauthenticated(Unauthenticated::Missing)) };
    let (engine, guesses) = (&shared.app.engine, &shared.gate.guesses);
    let clock: &dyn Clock = engine.clock.as_ref();
    let token = token::digest(bearer);
    if let Some(wait) = guesses.blocked(address, &token, clock.now()) {
        measure::throttled("unknown_tokens");
        return Err(Stranger::Guessing(wait));
    }
    match token::check(&engine.db, clock, Some(bearer)).await {
        Ok(Ok(viewer)) => {
            guesses.good(token, clock.now());
            Ok(SignedIn { viewer, token })
        }
        Ok(Err(reason)) => {
            if reason == Unauthenticated::Unknown {
                guesses.unknown(address, &token, clock.now());
            }
            Err(Stranger::Unauthenticated(reason))
        }
        Err(error) => {
            tracing::error!(%error, "A token could not be checked");
            Err(Stranger::Unavailable)
        }
    }
}

fn unauthenticated(reason: Unauthenticated) -> Refusal {
    Refusal::new(Manner::Unauthenticated, "UNAUTHENTICATED", reason.to_string())
        .with("reason", reason.reason())
}
