//! `contactMerge`.

use crate::graphql::contact::Contact;

crate::graphql::record::mutation::merge!(
    "contact",
    contact,
    Contact,
    Contact,
    "Merges duplicate contacts: the one that stays keeps what it has, its empty fields are filled from the others, and their notes, tags, custom fields and import keys become its own. The given name is taken over only from a contact of the same family name. The others are deleted and cannot be restored.",
    ContactMerge { contact_merge, ContactMergeInput, ContactMergePayload }
);
