//! Contacts: customers and vendors.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::Json;
use crate::resource::contact_person::model::ContactPerson;
use crate::resource::field::{Fields, Kind};
use crate::resource::packed::{Packed, Value};
use crate::resource::text::Text;
use crate::store::balance::{Balance, Money};
use crate::store::books::CrmLink;

/// Whether the organization sells to the contact or buys from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ContactType {
    Customer,
    Vendor,
}

impl ContactType {
    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Vendor => "vendor",
        }
    }

    /// Reads the word; `None` for any other.
    pub(crate) fn read(word: &str) -> Option<Self> {
        [Self::Customer, Self::Vendor].into_iter().find(|it| it.word().eq_ignore_ascii_case(word.trim()))
    }
}

/// Whether a customer is a firm or a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SubType {
    Business,
    Individual,
}

impl SubType {
    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Individual => "individual",
        }
    }

    /// Reads the word; `None` for any other.
    pub(crate) fn read(word: &str) -> Option<Self> {
        [Self::Business, Self::Individual].into_iter().find(|it| it.word() == word)
    }
}

/// A contact as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) contact_id: u64,
    pub(crate) contact_name: Text,
    pub(crate) contact_type: ContactType,
    /// Of customers; vendors show none.
    pub(crate) customer_sub_type: SubType,
    pub(crate) active: bool,
    /// Came by an import call and has had no transaction yet: shows the status `crm`.
    pub(crate) imported: bool,
    pub(crate) link: Option<CrmLink>,
    pub(crate) currency_id: u64,
    pub(crate) billing_address: Address,
    pub(crate) shipping_address: Address,
    /// Further addresses.
    pub(crate) addresses: Vec<Address>,
    /// Exactly one of them is primary, unless there is none.
    pub(crate) persons: Vec<ContactPerson>,
    pub(crate) members: Packed,
    pub(crate) created: DateTime<Utc>,
    pub(crate) modified: DateTime<Utc>,
    /// Name of the user who created it, shared with the contact before where it was the same user.
    pub(crate) created_by: Arc<str>,
}

impl Contact {
    /// `active`, `inactive`, or `crm` for an imported contact without transactions.
    pub(crate) fn status(&self, has_transaction: bool) -> &'static str {
        match (self.active, self.imported && self.link.is_some() && !has_transaction) {
            (false, _) => "inactive",
            (true, true) => "crm",
            (true, false) => "active",
        }
    }

    /// What the opening balances add to the contact's balance: a customer owes them, a vendor is owed them, and one
    /// below zero is a credit.
    pub(crate) fn opening_share(&self) -> Option<Balance> {
        let entries = self.members.get("opening_balances")?.as_list()?;
        let mut share = Balance::default();
        for entry in entries {
            let number = |name: &str| entry.get(name).and_then(Json::as_decimal);
            let own = number("opening_balance_amount").unwrap_or_default();
            let credit = own < Decimal::ZERO;
            let money = match (self.contact_type, credit) {
                (ContactType::Customer, false) => &mut share.receivable,
                (ContactType::Customer, true) => &mut share.credits_receivable,
                (ContactType::Vendor, false) => &mut share.payable,
                (ContactType::Vendor, true) => &mut share.credits_payable,
            };
            let rate = number("exchange_rate").unwrap_or(Decimal::ONE);
            money.add(Money { own: own.abs(), base: own.abs().saturating_mul(rate) });
        }
        Some(share)
    }

    /// Gives back the room that writes left over and gathers the texts, those that lists show first: a million contacts
    /// must fit in memory.
    pub(crate) fn shrink(&mut self) {
        self.persons.shrink_to_fit();
        self.addresses.shrink_to_fit();
        let mut texts = vec![&mut self.contact_name, self.members.shrink()];
        texts.extend(self.persons.iter_mut().map(|person| person.members.shrink()));
        let addresses = [&mut self.billing_address, &mut self.shipping_address].into_iter();
        texts.extend(addresses.chain(&mut self.addresses).map(|address| address.members.shrink()));
        Text::gather(texts);
    }

    /// Reads a contact of the state file.
    pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Self>, D::Error> {
        let mut contact = Self::deserialize(deserializer)?;
        contact.shrink();
        Ok(Arc::new(contact))
    }

    /// The primary contact person.
    pub(crate) fn primary(&self) -> Option<&ContactPerson> {
        self.persons.iter().find(|person| person.is_primary)
    }

    /// `zoho_crm` while linked; every other contact came over the API.
    pub(crate) fn source(&self) -> &'static str {
        if self.link.is_some() { "zoho_crm" } else { "api" }
    }
}

/// An address of a contact.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) address_id: u64,
    pub(crate) members: Packed,
}

/// Members of an address and their limits in characters.
pub(crate) const ADDRESS_FIELDS: Fields = &[
    ("attention", Kind::Text(100)),
    ("address", Kind::Text(500)),
    ("street2", Kind::Text(255)),
    ("city", Kind::Text(100)),
    ("state_code", Kind::Free),
    ("state", Kind::Text(100)),
    ("zip", Kind::Text(50)),
    ("country", Kind::Text(100)),
    ("country_code", Kind::Free),
    ("fax", Kind::Text(50)),
    ("phone", Kind::Text(50)),
];

/// Plain members of a contact: stored, checked for type and length, given back.
pub(crate) const CONTACT_FIELDS: Fields = &[
    ("company_name", Kind::Text(200)),
    ("website", Kind::Free),
    ("language_code", Kind::Free),
    ("credit_limit", Kind::Money),
    ("pricebook_id", Kind::Id),
    ("contact_number", Kind::Free),
    ("ignore_auto_number_generation", Kind::Flag),
    ("is_portal_enabled", Kind::Flag),
    ("payment_terms", Kind::Whole),
    ("payment_terms_label", Kind::Free),
    ("notes", Kind::Free),
    ("owner_id", Kind::Id),
    ("is_taxable", Kind::Flag),
    ("tax_id", Kind::Id),
    ("tds_tax_id", Kind::Id),
    ("tax_authority_id", Kind::Id),
    ("tax_authority_name", Kind::Free),
    ("tax_exemption_id", Kind::Id),
    ("tax_exemption_code", Kind::Free),
    ("tax_exemption_certificate_number", Kind::Free),
    ("avatax_exempt_no", Kind::Free),
    ("avatax_use_code", Kind::Free),
    ("place_of_contact", Kind::Free),
    ("gst_no", Kind::Free),
    ("gst_treatment", Kind::Free),
    ("pan_no", Kind::Free),
    ("vat_reg_no", Kind::Free),
    ("vat_treatment", Kind::Free),
    ("tax_reg_no", Kind::Free),
    ("tax_treatment", Kind::Free),
    ("tax_regime", Kind::Free),
    ("legal_name", Kind::Free),
    ("is_tds_registered", Kind::Flag),
    ("country_code", Kind::Free),
    ("facebook", Kind::Text(100)),
    ("twitter", Kind::Text(100)),
    ("track_1099", Kind::Flag),
    ("tax_id_type", Kind::Free),
    ("tax_id_value", Kind::Free),
    ("default_templates", Kind::Object),
    ("opening_balances", Kind::Entries),
    ("tags", Kind::List),
];

/// The member that holds custom fields. It is merged entry by entry, so it stands outside the table.
pub(crate) const CUSTOM_FIELDS: &str = "custom_fields";

/// The stored custom fields.
pub(crate) fn custom_fields(members: &Packed) -> &[Json] {
    members.get(CUSTOM_FIELDS).and_then(Value::as_list).unwrap_or_default()
}
