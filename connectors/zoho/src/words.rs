//! What the apps call their records: paths, members and codes.

use finbridge_domain::record::CrmRecordType;

/// A list of records and how its calls are spelled.
pub(crate) struct Words {
    /// Path under the app's root.
    pub(crate) path: &'static str,
    /// Key of one record in an answer.
    pub(crate) singular: &'static str,
    /// Key of many.
    pub(crate) plural: &'static str,
    /// The member with a record's id.
    pub(crate) id: &'static str,
    /// The member with its time of change. Lists are sorted by it.
    pub(crate) modified: &'static str,
    /// The calls that put a record to use and out of use.
    pub(crate) activate: &'static str,
    pub(crate) deactivate: &'static str,
    /// Whether the two stand under the root of what apps share, because the app has none of its own.
    pub(crate) is_activity_shared: bool,
    /// What such records are called in paths of the link service.
    pub(crate) linked_as: &'static str,
    /// What such records are called where their added fields are listed.
    pub(crate) entity: &'static str,
    /// Codes for "other records need it, so it cannot be deleted".
    pub(crate) in_use: &'static [&'static str],
}

/// Customers and vendors of an app.
pub(crate) struct ContactWords {
    /// The list.
    pub(crate) list: Words,
    /// Whether the list holds customers and vendors, told apart by `contact_type`.
    pub(crate) has_types: bool,
    /// The member with the name that the record is listed by.
    pub(crate) name: &'static str,
    /// The first line of an address.
    pub(crate) street: &'static str,
    /// The member with the persons.
    pub(crate) persons: &'static str,
    /// The member with a person's id.
    pub(crate) person_id: &'static str,
    /// Whether the contact's own members write through to its primary person.
    pub(crate) has_personal_members: bool,
}

const CONTACTS: Words = Words {
    path: "contacts",
    singular: "contact",
    plural: "contacts",
    id: "contact_id",
    modified: "last_modified_time",
    activate: "active",
    deactivate: "inactive",
    is_activity_shared: false,
    linked_as: "contacts",
    entity: "contact",
    in_use: &["1004"],
};

/// Contacts of Books and of the apps that repeat it.
pub(crate) static BOOKS_CONTACTS: ContactWords = ContactWords {
    list: CONTACTS,
    has_types: true,
    name: "contact_name",
    street: "address",
    persons: "contact_persons",
    person_id: "contact_person_id",
    has_personal_members: false,
};

/// Contacts of Expense: those of Books with fewer calls.
pub(crate) static EXPENSE_CONTACTS: ContactWords =
    ContactWords { list: Words { is_activity_shared: true, ..CONTACTS }, ..BOOKS_CONTACTS };

/// Customers of Billing: contacts of Books under other names.
pub(crate) static BILLING_CUSTOMERS: ContactWords = ContactWords {
    list: Words {
        path: "customers",
        singular: "customer",
        plural: "customers",
        id: "customer_id",
        modified: "updated_time",
        activate: "markasactive",
        deactivate: "markasinactive",
        ..CONTACTS
    },
    has_types: false,
    name: "display_name",
    street: "street",
    persons: "contactpersons",
    person_id: "contactperson_id",
    has_personal_members: true,
};

/// Persons at contacts. They change, and are in use or out of it, with their contact.
pub(crate) static CONTACT_PERSONS: Words = Words {
    path: "contacts/contactpersons",
    singular: "contact_person",
    plural: "contact_persons",
    id: "contact_person_id",
    linked_as: "contactpersons",
    in_use: &[],
    ..CONTACTS
};

/// Items.
pub(crate) static ITEMS: Words = Words {
    path: "items",
    singular: "item",
    plural: "items",
    id: "item_id",
    modified: "last_modified_time",
    activate: "active",
    deactivate: "inactive",
    is_activity_shared: false,
    linked_as: "items",
    entity: "item",
    in_use: &["1004", "36"],
};

/// What the vendor calls a kind of CRM record: in paths that hold many, in paths that name one, and in members.
pub(crate) struct CrmWords {
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) member: &'static str,
}

/// The words for a kind of CRM record. An item is made of a product, and the call that imports it says `item`.
pub(crate) fn crm_words(record_type: CrmRecordType) -> CrmWords {
    let (plural, singular, member) = match record_type {
        CrmRecordType::Account => ("accounts", "account", "zcrm_account_id"),
        CrmRecordType::Contact => ("contacts", "contact", "zcrm_contact_id"),
        CrmRecordType::Vendor => ("vendors", "vendor", "zcrm_vendor_id"),
        CrmRecordType::Product => ("products", "item", "zcrm_product_id"),
    };
    CrmWords { plural, singular, member }
}
