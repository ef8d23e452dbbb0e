//! `productBulkCreate` and `productBulkUpdate`.

use super::create::{ProductCreateInput, ProductCreatePayload, create};
use super::update::{ProductUpdateInput, ProductUpdatePayload, update};

crate::graphql::record::mutation::bulk!(
    "products",
    "Makes up to 100 products, each on its own: one that is refused does not stop the others.",
    products: ProductCreateInput,
    create,
    ProductBulkCreate { product_bulk_create, ProductBulkCreateInput, ProductBulkCreatePayload -> ProductCreatePayload }
);

crate::graphql::record::mutation::bulk!(
    "products",
    "Changes up to 100 products, each on its own: one that is refused does not stop the others.",
    products: ProductUpdateInput,
    update,
    ProductBulkUpdate { product_bulk_update, ProductBulkUpdateInput, ProductBulkUpdatePayload -> ProductUpdatePayload }
);
