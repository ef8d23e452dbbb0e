//! What a resolver finds in its context.

use async_graphql::{Context, Error, ID};
use finbridge_domain::{NodeId, NodeKind};
use uuid::Uuid;

use super::error::coded;
use super::loader::Loaders;
use crate::service::Services;

/// Shortcuts into the request's data.
pub trait Asked {
    /// The services, acting for the viewer.
    ///
    /// # Errors
    /// None in practice: the handler puts them there.
    fn services(&self) -> Result<&Services, Error>;

    /// The loaders of this request.
    ///
    /// # Errors
    /// None in practice: the handler puts them there.
    fn loaders(&self) -> Result<&Loaders, Error>;
}

impl Asked for Context<'_> {
    fn services(&self) -> Result<&Services, Error> {
        self.data::<Services>()
    }

    fn loaders(&self) -> Result<&Loaders, Error> {
        self.data::<Loaders>()
    }
}

/// The id as clients see it.
pub fn id(kind: NodeKind, uuid: Uuid) -> ID {
    ID(NodeId::new(kind, uuid).to_string())
}

/// The UUID of an id that must be of this kind.
///
/// # Errors
/// `BAD_USER_INPUT` when it is not an id of this API, or one of another kind.
pub fn uuid(kind: NodeKind, id: &ID) -> Result<Uuid, Error> {
    let parsed: NodeId = id.parse().map_err(|error| coded("BAD_USER_INPUT", format!("{error}")))?;
    if parsed.kind == kind {
        Ok(parsed.uuid)
    } else {
        let message =
            format!("`{}` is the id of a {}, not of a {}", id.as_str(), parsed.kind.prefix(), kind.prefix());
        Err(coded("BAD_USER_INPUT", message))
    }
}
