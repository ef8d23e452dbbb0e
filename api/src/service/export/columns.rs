//! The columns of each kind of record, beside those that all have.

use std::collections::HashMap;

use finbridge_domain::{NodeId, NodeKind};
use finbridge_entity::{account, contact, deal, product, vendor};
use uuid::Uuid;

use super::row::Row;
use crate::service::record::Record;

/// Names of what records refer to.
pub(super) struct Names {
    /// Layouts of the exported kind.
    pub(super) layouts: HashMap<Uuid, String>,
    /// Stages.
    pub(super) stages: HashMap<Uuid, String>,
    /// Living accounts that records of the piece refer to.
    pub(super) accounts: HashMap<Uuid, String>,
}

impl Names {
    /// An account by id and name; nothing where it was deleted.
    fn account(&self, row: &mut Row, id: Option<Uuid>) {
        let known = id.and_then(|id| self.accounts.get(&id).map(|name| (id, name)));
        row.maybe(known.map(|(id, _)| NodeId::new(NodeKind::Account, id)));
        row.text(known.map(|(_, name)| name.as_str()));
    }
}

/// A kind of record that can be exported.
pub(super) trait Exported: Record {
    /// Names of its own columns.
    const COLUMNS: &'static [&'static str];

    /// The account that it refers to.
    fn account(model: &Self::Model) -> Option<Uuid>;

    /// Fills its own columns.
    fn cells(model: &Self::Model, names: &Names, row: &mut Row);
}

impl Exported for account::Entity {
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "industry",
        "website",
        "phone",
        "description",
        "yearEstablished",
        "employeeCount",
        "annualRevenue",
        "annualRevenueCurrency",
        "billingStreet",
        "billingCity",
        "billingState",
        "billingPostalCode",
        "billingCountry",
        "shippingStreet",
        "shippingCity",
        "shippingState",
        "shippingPostalCode",
        "shippingCountry",
        "parentId",
        "parent",
    ];

    fn account(model: &account::Model) -> Option<Uuid> {
        model.parent_id
    }

    fn cells(model: &account::Model, names: &Names, row: &mut Row) {
        row.text(Some(&model.name))
            .text(model.industry.as_deref())
            .text(model.website.as_deref())
            .text(model.phone.as_deref())
            .text(model.description.as_deref())
            .maybe(model.year_established)
            .maybe(model.employee_count)
            .money(model.annual_revenue_units, model.annual_revenue_currency_code.as_deref())
            .address(model.billing_address.as_ref())
            .address(model.shipping_address.as_ref());
        names.account(row, model.parent_id);
    }
}

impl Exported for contact::Entity {
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "firstName",
        "lastName",
        "email",
        "phone",
        "title",
        "description",
        "mailingStreet",
        "mailingCity",
        "mailingState",
        "mailingPostalCode",
        "mailingCountry",
        "accountId",
        "account",
    ];

    fn account(model: &contact::Model) -> Option<Uuid> {
        model.account_id
    }

    fn cells(model: &contact::Model, names: &Names, row: &mut Row) {
        row.text(Some(&model.name))
            .text(model.first_name.as_deref())
            .text(Some(&model.last_name))
            .text(model.email.as_deref())
            .text(model.phone.as_deref())
            .text(model.title.as_deref())
            .text(model.description.as_deref())
            .address(model.mailing_address.as_ref());
        names.account(row, model.account_id);
    }
}

impl Exported for vendor::Entity {
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "email",
        "phone",
        "website",
        "description",
        "street",
        "city",
        "state",
        "postalCode",
        "country",
    ];

    fn account(_: &vendor::Model) -> Option<Uuid> {
        None
    }

    fn cells(model: &vendor::Model, _: &Names, row: &mut Row) {
        row.text(Some(&model.name))
            .text(model.email.as_deref())
            .text(model.phone.as_deref())
            .text(model.website.as_deref())
            .text(model.description.as_deref())
            .address(model.address.as_ref());
    }
}

impl Exported for product::Entity {
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "code",
        "family",
        "description",
        "unit",
        "unitPrice",
        "unitPriceCurrency",
        "isActive",
        "isTaxable",
    ];

    fn account(_: &product::Model) -> Option<Uuid> {
        None
    }

    fn cells(model: &product::Model, _: &Names, row: &mut Row) {
        row.text(Some(&model.name))
            .text(model.code.as_deref())
            .text(model.family.as_deref())
            .text(model.description.as_deref())
            .text(model.unit.as_deref())
            .money(model.unit_price_units, model.unit_price_currency_code.as_deref())
            .plain(model.is_active)
            .plain(model.is_taxable);
    }
}

impl Exported for deal::Entity {
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "accountId",
        "account",
        "stageId",
        "stage",
        "amount",
        "currency",
        "openedOn",
        "closedOn",
        "description",
    ];

    fn account(model: &deal::Model) -> Option<Uuid> {
        model.account_id
    }

    fn cells(model: &deal::Model, names: &Names, row: &mut Row) {
        row.text(Some(&model.name));
        names.account(row, model.account_id);
        row.plain(NodeId::new(NodeKind::Stage, model.stage_id))
            .text(names.stages.get(&model.stage_id).map(String::as_str))
            .maybe(model.amount_units.map(crate::service::custom_field::value::number))
            .text(Some(&model.currency_code))
            .maybe(model.opened_on)
            .maybe(model.closed_on)
            .text(model.description.as_deref());
    }
}
