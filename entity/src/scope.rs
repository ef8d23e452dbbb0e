//! Tenant scoping: every read of a tenant's rows begins with [`Scoped::of`].

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

/// An entity whose rows belong to a tenant.
pub trait TenantOwned: EntityTrait {
    /// The column that names the tenant.
    fn organization_column() -> Self::Column;
    /// The column of the row's id.
    fn id_column() -> Self::Column;
}

/// Reads that cannot leave the tenant.
pub trait Scoped: TenantOwned {
    /// The rows of this tenant. Another tenant's rows are absent, not forbidden.
    fn of(organization: Uuid) -> Select<Self> {
        Self::find().filter(Self::organization_column().eq(organization))
    }

    /// The row of this tenant with this id.
    fn one_of(organization: Uuid, id: Uuid) -> Select<Self> {
        Self::of(organization).filter(Self::id_column().eq(id))
    }
}

impl<E: TenantOwned> Scoped for E {}

/// Marks the entity of the calling file as tenant-owned.
macro_rules! tenant_owned {
    () => {
        impl crate::scope::TenantOwned for Entity {
            fn organization_column() -> Column {
                Column::OrganizationId
            }

            fn id_column() -> Column {
                Column::Id
            }
        }
    };
}
pub(crate) use tenant_owned;
