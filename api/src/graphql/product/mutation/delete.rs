//! `productDelete` and `productRestore`.

use crate::graphql::product::Product;

crate::graphql::record::mutation::delete_and_restore!(
    "product",
    product,
    Product,
    Product,
    "Lines of deals that name it stay, without it.",
    "",
    ProductDelete { product_delete, ProductDeleteInput, ProductDeletePayload, deleted_product },
    ProductRestore { product_restore, ProductRestoreInput, ProductRestorePayload, product }
);
