//! `productNamesSetUnique`.

use async_graphql::{Context, InputObject, Object, Result};

use crate::graphql::context::Asked;
use crate::graphql::error::payload;
use crate::graphql::viewer::Organization;
use crate::service::product_name;

/// Whether names of products shall be unique.
#[derive(InputObject)]
pub struct ProductNamesSetUniqueInput {
    /// True: no two living products may have the same name, whatever their letter case. False: they may.
    is_unique: bool,
}

payload! {
    /// What came of making names of products unique, or not.
    ProductNamesSetUniquePayload {
        /// The organization as it is now; null when there are user errors.
        organization: Organization
    }
}

/// `productNamesSetUnique`.
#[derive(Default)]
pub struct ProductNamesSetUnique;

#[Object]
impl ProductNamesSetUnique {
    /// Says whether the name field of products refuses duplicates, which matching items by SKU needs. It cannot be turned on
    /// while two products share a name, nor off while items are matched by SKU. For administrators.
    async fn product_names_set_unique(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whether they shall be unique.")] input: ProductNamesSetUniqueInput,
    ) -> Result<Option<ProductNamesSetUniquePayload>> {
        let set = product_name::set_unique(ctx.services()?, input.is_unique).await;
        ProductNamesSetUniquePayload::of(set, Organization::from).map(Some)
    }
}
