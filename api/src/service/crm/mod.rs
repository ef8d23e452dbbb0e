//! CRM records as the sync engine writes them: by the services that everybody's writes go through, so that what comes from
//! a finance app is checked, indexed and searched like everything else.

mod values;

use std::sync::Arc;

use async_graphql::MaybeUndefined;
use async_trait::async_trait;
use finbridge_contract::Registry;
use finbridge_domain::record::{CrmRecordType, Values};
use finbridge_domain::{Clock, CurrencyCode, Ids};
use finbridge_entity::types::{RecordType, Role};
use finbridge_entity::{Scoped, account, contact, organization, product, vendor};
use finbridge_sync::budget::Budgets;
use finbridge_sync::crm::{Acting, Crm, CrmError, NewCrmRecord, Written};
use finbridge_sync::queue::JobQueue;
use finbridge_sync::retention::Retention;
use finbridge_sync::{Engine, Events, Vault};
use rust_decimal::Decimal;
use sea_orm::{DatabaseConnection, EntityTrait};
use uuid::Uuid;

use super::account::{AccountChange, NewAccount};
use super::contact::{ContactChange, NewContact};
use super::error::{ErrorCode, ServiceError, ServiceResult};
use super::product::{NewProduct, ProductChange};
use super::record::Record;
use super::record::write::{self, CommonChange, CommonNew, Inserted};
use super::vendor::{NewVendor, VendorChange};
use super::{Sealer, Services};
use crate::auth::Viewer;
use values::Fields;

/// The parts of the engine, and with them the writer of CRM records that it uses.
#[derive(Clone)]
pub struct CrmWriter {
    /// The database.
    pub db: DatabaseConnection,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<Ids>,
    /// The job queue.
    pub queue: Arc<dyn JobQueue>,
    /// Where changes are announced.
    pub events: Events,
    /// The finance apps.
    pub connectors: Registry,
    /// Opens credentials.
    pub vault: Arc<dyn Vault>,
    /// Seals credentials.
    pub sealer: Arc<dyn Sealer>,
    /// What finance apps may be asked.
    pub budgets: Arc<Budgets>,
    /// How long what happened is kept.
    pub retention: Retention,
}

impl CrmWriter {
    /// The engine, which writes CRM records through this.
    pub fn engine(&self) -> Engine {
        Engine {
            db: self.db.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            queue: self.queue.clone(),
            events: self.events.clone(),
            connectors: self.connectors.clone(),
            vault: self.vault.clone(),
            crm: Arc::new(self.clone()),
            budgets: self.budgets.clone(),
            retention: self.retention,
        }
    }

    /// The services, acting for the one who becomes the owner.
    fn services(&self, acting: Acting) -> Services {
        let viewer = Viewer {
            user_id: acting.owner_id,
            organization_id: acting.organization_id,
            role: Role::Administrator,
        };
        Services { viewer, engine: self.engine(), sealer: self.sealer.clone() }
    }

    async fn home_currency(&self, organization_id: Uuid) -> ServiceResult<CurrencyCode> {
        let home = organization::Entity::find_by_id(organization_id).one(&self.db).await?;
        home.and_then(|home| home.home_currency_code.parse().ok())
            .ok_or_else(|| ServiceError::Internal("an organization without a home currency".into()))
    }

    /// What becomes of an amount, in the currency that it has here, else in the organization's.
    async fn money(
        &self,
        organization_id: Uuid,
        fields: &Fields<'_>,
        key: &str,
        known: Option<&str>,
    ) -> ServiceResult<MaybeUndefined<(Decimal, CurrencyCode)>> {
        Ok(match (fields.change(key), fields.number(key)?) {
            (MaybeUndefined::Undefined, _) => MaybeUndefined::Undefined,
            (_, None) => MaybeUndefined::Null,
            (_, Some(amount)) => {
                let currency = match known.and_then(|code| code.parse().ok()) {
                    Some(currency) => currency,
                    None => self.home_currency(organization_id).await?,
                };
                MaybeUndefined::Value((amount, currency))
            }
        })
    }

    async fn make(&self, acting: Acting, record: NewCrmRecord) -> ServiceResult<Written> {
        let services = &self.services(acting);
        let fields = Fields(&record.values);
        let here = acting.organization_id;
        let custom_fields = fields.custom(&self.db, here, stored(record.record_type)).await?;
        let common = CommonNew { id: Some(record.id), custom_fields, ..CommonNew::default() };
        let required = |key| fields.text(key).unwrap_or_default();
        let address = |key| fields.address(key, None).take();
        match record.record_type {
            CrmRecordType::Account => {
                let new = NewAccount {
                    name: required("name"),
                    industry: fields.text("industry"),
                    website: fields.text("website"),
                    phone: fields.text("phone"),
                    description: fields.text("description"),
                    year_established: fields.integer("yearEstablished")?,
                    employee_count: fields.integer("employeeCount")?,
                    annual_revenue: match fields.number("annualRevenue")? {
                        Some(revenue) => Some((revenue, self.home_currency(here).await?)),
                        None => None,
                    },
                    billing_address: address("billingAddress"),
                    shipping_address: address("shippingAddress"),
                    parent_id: None,
                    common,
                };
                Ok(written(super::account::insert(services, new, None).await?))
            }
            CrmRecordType::Contact => {
                let new = NewContact {
                    first_name: fields.text("firstName"),
                    last_name: required("lastName"),
                    email: fields.text("email"),
                    phone: fields.text("phone"),
                    title: fields.text("title"),
                    mailing_address: address("mailingAddress"),
                    account_id: record.account_id,
                    description: fields.text("description"),
                    common,
                };
                Ok(written(super::contact::insert(services, new, None).await?))
            }
            CrmRecordType::Vendor => {
                let new = NewVendor {
                    name: required("name"),
                    email: fields.text("email"),
                    phone: fields.text("phone"),
                    website: fields.text("website"),
                    address: address("address"),
                    description: fields.text("description"),
                    common,
                };
                Ok(written(super::vendor::insert(services, new, None).await?))
            }
            CrmRecordType::Product => {
                let price = fields.number("unitPrice")?;
                let currency = self.home_currency(here).await?;
                let new = NewProduct {
                    name: required("name"),
                    code: fields.text("code"),
                    family: fields.text("family"),
                    description: fields.text("description"),
                    unit: fields.text("unit"),
                    unit_price: price.map(|price| (price, currency)),
                    prices: Vec::new(),
                    is_active: fields.flag("isActive")?.unwrap_or(true),
                    is_taxable: fields.flag("isTaxable")?.unwrap_or(true),
                    common,
                };
                Ok(written(super::product::insert(services, new, None).await?))
            }
        }
    }

    async fn change(
        &self,
        acting: Acting,
        record_type: CrmRecordType,
        id: Uuid,
        version: i64,
        values: &Values,
    ) -> ServiceResult<Option<Written>> {
        let services = &self.services(acting);
        let fields = Fields(values);
        let here = acting.organization_id;
        let custom_fields = fields.custom(&self.db, here, stored(record_type)).await?;
        let common = CommonChange { version: Some(version), custom_fields, ..CommonChange::default() };
        Ok(Some(match record_type {
            CrmRecordType::Account => {
                let Some(before) = account::Entity::one_of(here, id).one(&self.db).await? else {
                    return Ok(None);
                };
                let change = AccountChange {
                    common,
                    name: fields.change("name"),
                    industry: fields.change("industry"),
                    website: fields.change("website"),
                    phone: fields.change("phone"),
                    description: fields.change("description"),
                    year_established: fields.integer_change("yearEstablished")?,
                    employee_count: fields.integer_change("employeeCount")?,
                    annual_revenue: self
                        .money(here, &fields, "annualRevenue", before.annual_revenue_currency_code.as_deref())
                        .await?,
                    billing_address: fields.address("billingAddress", before.billing_address.as_ref()),
                    shipping_address: fields.address("shippingAddress", before.shipping_address.as_ref()),
                    ..AccountChange::default()
                };
                written(super::account::edit(services, id, change).await?)
            }
            CrmRecordType::Contact => {
                let Some(before) = contact::Entity::one_of(here, id).one(&self.db).await? else {
                    return Ok(None);
                };
                let change = ContactChange {
                    common,
                    first_name: fields.change("firstName"),
                    last_name: fields.change("lastName"),
                    email: fields.change("email"),
                    phone: fields.change("phone"),
                    title: fields.change("title"),
                    mailing_address: fields.address("mailingAddress", before.mailing_address.as_ref()),
                    description: fields.change("description"),
                    ..ContactChange::default()
                };
                written(super::contact::edit(services, id, change).await?)
            }
            CrmRecordType::Vendor => {
                let Some(before) = vendor::Entity::one_of(here, id).one(&self.db).await? else {
                    return Ok(None);
                };
                let change = VendorChange {
                    common,
                    name: fields.change("name"),
                    email: fields.change("email"),
                    phone: fields.change("phone"),
                    website: fields.change("website"),
                    address: fields.address("address", before.address.as_ref()),
                    description: fields.change("description"),
                };
                written(super::vendor::edit(services, id, change).await?)
            }
            CrmRecordType::Product => {
                let Some(before) = product::Entity::one_of(here, id).one(&self.db).await? else {
                    return Ok(None);
                };
                let known = before.unit_price_currency_code.as_deref();
                let unit_price = self.money(here, &fields, "unitPrice", known).await?;
                let change = ProductChange {
                    common,
                    name: fields.change("name"),
                    code: fields.change("code"),
                    family: fields.change("family"),
                    description: fields.change("description"),
                    unit: fields.change("unit"),
                    unit_price,
                    is_active: fields.flag("isActive")?,
                    is_taxable: fields.flag("isTaxable")?,
                    ..ProductChange::default()
                };
                written(super::product::edit(services, id, change).await?)
            }
        }))
    }
}

#[async_trait]
impl Crm for CrmWriter {
    async fn create(&self, acting: Acting, record: NewCrmRecord) -> Result<Written, CrmError> {
        self.make(acting, record).await.map_err(told)
    }

    async fn update(
        &self,
        acting: Acting,
        record_type: CrmRecordType,
        id: Uuid,
        version: i64,
        values: &Values,
    ) -> Result<Written, CrmError> {
        self.change(acting, record_type, id, version, values).await.map_err(told)?.ok_or(CrmError::Gone)
    }

    async fn restore(
        &self,
        acting: Acting,
        record_type: CrmRecordType,
        id: Uuid,
    ) -> Result<Written, CrmError> {
        let services = &self.services(acting);
        let restored = match record_type {
            CrmRecordType::Account => write::bring_back::<account::Entity>(services, id).await.map(written),
            CrmRecordType::Contact => write::bring_back::<contact::Entity>(services, id).await.map(written),
            CrmRecordType::Vendor => write::bring_back::<vendor::Entity>(services, id).await.map(written),
            CrmRecordType::Product => write::bring_back::<product::Entity>(services, id).await.map(written),
        };
        restored.map_err(told)
    }

    async fn delete(
        &self,
        acting: Acting,
        record_type: CrmRecordType,
        id: Uuid,
        version: i64,
    ) -> Result<Written, CrmError> {
        let services = &self.services(acting);
        let version = Some(version);
        let deleted = match record_type {
            CrmRecordType::Account => {
                write::remove::<account::Entity>(services, id, version).await.map(written)
            }
            CrmRecordType::Contact => {
                write::remove::<contact::Entity>(services, id, version).await.map(written)
            }
            CrmRecordType::Vendor => {
                write::remove::<vendor::Entity>(services, id, version).await.map(written)
            }
            CrmRecordType::Product => {
                write::remove::<product::Entity>(services, id, version).await.map(written)
            }
        };
        deleted.map_err(told)
    }
}

/// The kind of record as it is stored.
pub(super) fn stored(record_type: CrmRecordType) -> RecordType {
    match record_type {
        CrmRecordType::Account => RecordType::Account,
        CrmRecordType::Contact => RecordType::Contact,
        CrmRecordType::Vendor => RecordType::Vendor,
        CrmRecordType::Product => RecordType::Product,
    }
}

fn written<E: Record>(inserted: Inserted<E>) -> Written {
    let (transaction, model) = inserted.into_parts();
    let common = E::common(&model);
    Written { transaction, version: common.version, wire_id: common.wire_id }
}

fn told(error: ServiceError) -> CrmError {
    match &error {
        ServiceError::Refused(errors) if errors.iter().any(|one| one.code == ErrorCode::VersionConflict) => {
            CrmError::Stale
        }
        ServiceError::Refused(errors)
            if errors.iter().any(|one| {
                one.code == ErrorCode::NotFound && one.field.as_deref() == Some(&["id".to_owned()])
            }) =>
        {
            CrmError::Gone
        }
        ServiceError::Internal(_) => match error {
            ServiceError::Internal(source) => match source.downcast::<sea_orm::DbErr>() {
                Ok(error) => CrmError::Database(*error),
                Err(source) => CrmError::Refused(format!("the CRM could not write the record: {source}")),
            },
            error => CrmError::Refused(error.to_string()),
        },
        _ => CrmError::Refused(format!("The CRM does not take this record: {error}")),
    }
}
