//! API tokens: random, named, bound to a person and an organization, revocable, expiring. Only a hash is stored.

use chrono::{DateTime, Utc};
use finbridge_domain::{Clock, Ids};
use finbridge_entity::{api_token, membership};
use rand::distr::{Alphanumeric, SampleString};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QuerySelect,
    Set,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Viewer;

/// What every token begins with, so that people and secret scanners recognise one.
pub const PREFIX: &str = "fbt_";

/// Random characters after the prefix: 238 bits.
const LENGTH: usize = 40;

/// Why a request is not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// No token was sent.
    #[error("Send a token as `Authorization: Bearer fbt_…`; `finbridge token` makes one")]
    Missing,
    /// The token is not one of ours.
    #[error(
        "The token is not known here; check that it was copied whole, or make a new one with `finbridge token`"
    )]
    Unknown,
    /// The token's time is over.
    #[error("The token expired; make a new one with `finbridge token`")]
    Expired,
    /// The token was revoked.
    #[error("The token was revoked; make a new one with `finbridge token`")]
    Revoked,
}

impl Unauthenticated {
    /// The reason, for programs.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "TOKEN_MISSING",
            Self::Unknown => "TOKEN_UNKNOWN",
            Self::Expired => "TOKEN_EXPIRED",
            Self::Revoked => "TOKEN_REVOKED",
        }
    }
}

/// What checking a token came to: the database's failure is not the caller's fault.
pub type Checked = Result<Result<Viewer, Unauthenticated>, DbErr>;

/// A new random token.
pub fn generate() -> String {
    format!("{PREFIX}{}", Alphanumeric.sample_string(&mut rand::rng(), LENGTH))
}

/// The stored form. A token is long and random, so a plain fast hash is enough: there is nothing to guess.
pub fn hash(token: &str) -> String {
    digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same hash as bytes, by which limits in memory know a token.
pub fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Whom and what a token is for.
#[derive(Debug, Clone)]
pub struct TokenFor {
    /// The organization it is bound to.
    pub organization_id: Uuid,
    /// The person who acts through it.
    pub user_id: Uuid,
    /// What it is for.
    pub name: String,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Stores a token.
///
/// # Errors
/// The database's; storing the same token twice is one.
pub async fn store(
    db: &impl ConnectionTrait,
    clock: &dyn Clock,
    ids: &Ids,
    wish: TokenFor,
    token: &str,
) -> Result<api_token::Model, DbErr> {
    api_token::ActiveModel {
        organization_id: Set(wish.organization_id),
        id: Set(ids.uuid()),
        user_id: Set(wish.user_id),
        name: Set(wish.name),
        token_hash: Set(hash(token)),
        created_at: Set(clock.now()),
        expires_at: Set(wish.expires_at),
        revoked_at: Set(None),
    }
    .insert(db)
    .await
}

/// Finds out who sends this token.
///
/// # Errors
/// The database's.
pub async fn check(db: &impl ConnectionTrait, clock: &dyn Clock, token: Option<&str>) -> Checked {
    let Some(token) = token else { return Ok(Err(Unauthenticated::Missing)) };
    // One statement for token and membership: every request waits for it.
    let member = api_token::Entity::belongs_to(membership::Entity)
        .from((api_token::Column::OrganizationId, api_token::Column::UserId))
        .to((membership::Column::OrganizationId, membership::Column::UserId));
    let found = api_token::Entity::find()
        .filter(api_token::Column::TokenHash.eq(hash(token)))
        .join(JoinType::LeftJoin, member.into())
        .select_also(membership::Entity)
        .one(db)
        .await?;
    let Some((row, member)) = found else { return Ok(Err(Unauthenticated::Unknown)) };
    if row.revoked_at.is_some() {
        return Ok(Err(Unauthenticated::Revoked));
    }
    if row.expires_at.is_some_and(|expires_at| expires_at <= clock.now()) {
        return Ok(Err(Unauthenticated::Expired));
    }
    Ok(member
        .map(|member| Viewer {
            user_id: row.user_id,
            organization_id: row.organization_id,
            role: member.role,
        })
        .ok_or(Unauthenticated::Revoked))
}
