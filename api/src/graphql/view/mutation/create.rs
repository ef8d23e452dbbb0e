//! `viewCreate`.

use async_graphql::{Context, InputObject, Object, Result};

use crate::graphql::context::Asked;
use crate::graphql::error::payload;
use crate::graphql::record::RecordType;
use crate::graphql::view::View;
use crate::graphql::view::criteria::ViewCriteriaInput;
use crate::service::idempotency::Idempotency;
use crate::service::view::write::{self, NewView};

/// What a view is made of.
#[derive(InputObject)]
pub struct ViewCreateInput {
    /// Which records it is on.
    record_type: RecordType,
    /// Name; up to 250 characters. Nobody has two views of one name on one kind of record.
    name: String,
    /// Which records are in it.
    criteria: ViewCriteriaInput,
    /// Whether everybody in the organization shall see it. A view that a sync is limited by is shown with the sync's settings
    /// in any case.
    #[graphql(default)]
    is_shared: bool,
    /// A text of your choice, such as a UUID, under which the same request can be sent again without a second effect, for 24
    /// hours. The same key with another input is refused.
    idempotency_key: Option<String>,
}

payload! {
    /// What came of making a view.
    ViewCreatePayload {
        /// The new view; null when there are user errors.
        view: View
    }
}

/// `viewCreate`.
#[derive(Default)]
pub struct ViewCreate;

#[Object]
impl ViewCreate {
    /// Makes a view. Faults in criteria are told with the path to each, such as `criteria.all.0.values.1`.
    async fn view_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the view is made of.")] input: ViewCreateInput,
    ) -> Result<Option<ViewCreatePayload>> {
        let new = NewView {
            idempotency: Idempotency::of("viewCreate", input.idempotency_key.as_deref(), &input),
            record_type: input.record_type.into(),
            name: input.name,
            criteria: input.criteria.into(),
            is_shared: input.is_shared,
        };
        ViewCreatePayload::of(write::create(ctx.services()?, new).await, View::from).map(Some)
    }
}
