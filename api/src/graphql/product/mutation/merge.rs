//! `productMerge`.

use crate::graphql::product::Product;

crate::graphql::record::mutation::merge!(
    "product",
    product,
    Product,
    Product,
    "Merges duplicate products: the one that stays keeps what it has, its empty fields are filled from the others, and their notes, tags, custom fields and import keys become its own. Lines of deals name the one that stays, at the prices they have; list prices in currencies in which it has none are taken over. The others are deleted and cannot be restored.",
    ProductMerge { product_merge, ProductMergeInput, ProductMergePayload }
);
