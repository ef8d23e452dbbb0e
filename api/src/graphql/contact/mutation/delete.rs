//! `contactDelete` and `contactRestore`.

use crate::graphql::contact::Contact;

crate::graphql::record::mutation::delete_and_restore!(
    "contact",
    contact,
    Contact,
    Contact,
    "Its account and notes stay.",
    "",
    ContactDelete { contact_delete, ContactDeleteInput, ContactDeletePayload, deleted_contact },
    ContactRestore { contact_restore, ContactRestoreInput, ContactRestorePayload, contact }
);
