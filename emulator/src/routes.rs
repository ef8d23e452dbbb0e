//! The table of operations: what is emulated, and what is known but not emulated yet.

use crate::auth::{Context, Need};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::integration;
use crate::request::Call;
use crate::resource::contact::{address, import, list, routes as contact};
use crate::resource::contact_person::routes as person;
use crate::resource::{organization::routes as organization, user};

type Handler = fn(&Context<'_>, &Call) -> Result<Reply, ApiError>;

/// One emulated operation. `*` in the pattern stands for an id.
pub(crate) struct Operation {
    method: &'static str,
    pattern: &'static str,
    pub(crate) need: Option<Need>,
    /// Whether an organization must be selected.
    pub(crate) scoped: bool,
    pub(crate) handler: Handler,
}

/// What a path and method lead to.
pub(crate) enum Target {
    Operation(&'static Operation, Vec<String>),
    ZscExchange,
    Authorize,
    Token,
    Revoke,
    Refused(ApiError),
}

const fn op(
    method: &'static str,
    pattern: &'static str,
    module: &'static str,
    operation: &'static str,
    handler: Handler,
) -> Operation {
    Operation { method, pattern, need: Some((module, operation)), scoped: true, handler }
}

const fn unscoped(mut operation: Operation) -> Operation {
    operation.scoped = false;
    operation
}

const fn open(mut operation: Operation) -> Operation {
    operation.need = None;
    operation
}

const C: &str = "contacts";
const S: &str = "settings";

/// More literal patterns stand before those with more ids, because the first match wins.
static OPERATIONS: [Operation; 36] = [
    op("GET", "books/v3/contacts", C, "read", list::contacts),
    op("POST", "books/v3/contacts", C, "create", contact::create),
    op("PUT", "books/v3/contacts", C, "update", contact::upsert),
    op("DELETE", "books/v3/contacts", C, "delete", contact::delete_many),
    op("GET", "books/v3/customers", C, "read", list::customers),
    op("GET", "books/v3/vendors", C, "read", list::vendors),
    op("POST", "books/v3/contacts/contactpersons", C, "create", person::create),
    op("PUT", "books/v3/contacts/contactpersons/*", C, "update", person::update),
    op("DELETE", "books/v3/contacts/contactpersons/*", C, "delete", person::delete),
    op("POST", "books/v3/contacts/contactpersons/*/primary", C, "create", person::make_primary),
    op("GET", "books/v3/contacts/*", C, "read", contact::read),
    op("PUT", "books/v3/contacts/*", C, "update", contact::update),
    op("DELETE", "books/v3/contacts/*", C, "delete", contact::delete),
    op("POST", "books/v3/contacts/*/active", C, "create", contact::activate),
    op("POST", "books/v3/contacts/*/inactive", C, "create", contact::deactivate),
    op("GET", "books/v3/contacts/*/contactpersons", C, "read", person::list),
    op("GET", "books/v3/contacts/*/contactpersons/*", C, "read", person::read),
    op("GET", "books/v3/contacts/*/address", C, "read", address::list),
    op("POST", "books/v3/contacts/*/address", C, "create", address::create),
    op("PUT", "books/v3/contacts/*/address/*", C, "update", address::update),
    op("DELETE", "books/v3/contacts/*/address/*", C, "delete", address::delete),
    op("POST", "books/v3/crm/account/*/import", C, "create", import::account),
    op("POST", "books/v3/crm/contact/*/import", C, "create", import::contact),
    unscoped(op("GET", "books/v3/organizations", S, "read", organization::list)),
    unscoped(op("POST", "books/v3/organizations", S, "create", organization::create)),
    unscoped(op("GET", "books/v3/organizations/*", S, "read", organization::read)),
    unscoped(op("PUT", "books/v3/organizations/*", S, "update", organization::update)),
    op("GET", "books/v3/users/me", S, "read", user::me),
    open(op("GET", "integration/v1/capabilities", C, "read", integration::capabilities)),
    op("PUT", "integration/v1/crm/accounts/*", C, "create", integration::push_account),
    op("PUT", "integration/v1/crm/contacts/*", C, "create", integration::push_contact),
    op("PUT", "integration/v1/contacts/*/link", C, "update", integration::link),
    op("DELETE", "integration/v1/contacts/*/link", C, "update", integration::unlink),
    // HEAD is harmless where GET is common.
    op("HEAD", "books/v3/contacts", C, "read", list::contacts),
    op("HEAD", "books/v3/contacts/*", C, "read", contact::read),
    unscoped(op("HEAD", "books/v3/organizations", S, "read", organization::list)),
];

/// Paths under `/books/v3` of operations that are known but not emulated, with their methods and names.
const KNOWN_CONTACT_OPERATIONS: [(&str, &str, &str); 13] = [
    ("POST", "contacts/*/portal/enable", "Enable the portal of a contact"),
    ("POST", "contacts/*/paymentreminder/enable", "Enable payment reminders of a contact"),
    ("POST", "contacts/*/paymentreminder/disable", "Disable payment reminders of a contact"),
    ("POST", "contacts/*/statements/email", "Email a statement to a contact"),
    ("GET", "contacts/*/statements/email", "Get the statement mail content of a contact"),
    ("POST", "contacts/*/email", "Email a contact"),
    ("GET", "contacts/*/comments", "List comments of a contact"),
    ("GET", "contacts/*/refunds", "List refunds of a contact"),
    ("POST", "contacts/*/track1099", "Track a contact for 1099"),
    ("POST", "contacts/*/untrack1099", "Untrack a contact for 1099"),
    ("GET", "contacts/*/receivables/unusedretainerpayments", "List unused retainer payments of a contact"),
    ("POST", "crm/vendor/*/import", "Import a CRM vendor"),
    ("POST", "crm/item/*/import", "Import a CRM product"),
];

/// Resources of Books that are known but not emulated: path, singular name, plural name.
const KNOWN_RESOURCES: [(&str, &str, &str); 27] = [
    ("settings/currencies", "a currency", "currencies"),
    ("settings/taxgroups", "a tax group", "tax groups"),
    ("settings/taxes", "a tax", "taxes"),
    ("settings", "a setting", "settings"),
    ("itemdetails", "item details", "item details"),
    ("items", "an item", "items"),
    ("estimates", "an estimate", "estimates"),
    ("salesorders", "a sales order", "sales orders"),
    ("invoices", "an invoice", "invoices"),
    ("recurringinvoices", "a recurring invoice", "recurring invoices"),
    ("creditnotes", "a credit note", "credit notes"),
    ("customerpayments", "a customer payment", "customer payments"),
    ("purchaseorders", "a purchase order", "purchase orders"),
    ("bills", "a bill", "bills"),
    ("vendorcredits", "a vendor credit", "vendor credits"),
    ("vendorpayments", "a vendor payment", "vendor payments"),
    ("expenses", "an expense", "expenses"),
    ("recurringexpenses", "a recurring expense", "recurring expenses"),
    ("retainerinvoices", "a retainer invoice", "retainer invoices"),
    ("journals", "a journal", "journals"),
    ("chartofaccounts", "an account", "accounts"),
    ("bankaccounts", "a bank account", "bank accounts"),
    ("banktransactions", "a bank transaction", "bank transactions"),
    ("users", "a user", "users"),
    ("projects", "a project", "projects"),
    ("reports", "a report", "reports"),
    ("documents", "a document", "documents"),
];

/// Roots of the vendor's other finance apps.
const OTHER_PRODUCTS: [(&str, &str); 5] = [
    ("billing/v1", "Zoho Billing v1"),
    ("invoice/v3", "Zoho Invoice v3"),
    ("expense/v1", "Zoho Expense v1"),
    ("erp/v3", "Zoho ERP v3"),
    ("inventory/v1", "Zoho Inventory v1"),
];

/// Finds the target of a call. A wrong method on a known path is code 37, an unknown path code 5.
pub(crate) fn find(method: &str, path: &str) -> Target {
    match (path, method) {
        ("oauth/v2/auth", "GET" | "POST") => return Target::Authorize,
        ("oauth/v2/token", "POST") => return Target::Token,
        ("oauth/v2/token/revoke", "POST") => return Target::Revoke,
        ("integration/v1/zsc/exchange", "POST") => return Target::ZscExchange,
        ("oauth/v2/auth" | "oauth/v2/token" | "oauth/v2/token/revoke" | "integration/v1/zsc/exchange", _) => {
            return Target::Refused(Code::MethodNotAllowed.into());
        }
        _ => {}
    }
    let mut matching =
        OPERATIONS.iter().filter_map(|operation| Some((operation, ids(operation.pattern, path)?)));
    if let Some((first, _)) = matching.next() {
        let same = OPERATIONS.iter().find(|it| it.pattern == first.pattern && it.method == method);
        return match same.and_then(|operation| Some((operation, ids(operation.pattern, path)?))) {
            Some((operation, ids)) => Target::Operation(operation, ids),
            None => Target::Refused(Code::MethodNotAllowed.into()),
        };
    }
    Target::Refused(not_emulated(method, path))
}

fn not_emulated(method: &str, path: &str) -> ApiError {
    let under =
        |root: &str| path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    if let Some((_, product)) = OTHER_PRODUCTS.iter().find(|(root, _)| under(root)) {
        return ApiError::about(Code::NotEmulated, product);
    }
    let Some(path) = path.strip_prefix("books/v3/") else { return Code::InvalidUrl.into() };
    let mut known = KNOWN_CONTACT_OPERATIONS.iter().filter(|it| ids(it.1, path).is_some()).peekable();
    if known.peek().is_some() {
        return match known.find(|it| it.0 == method) {
            Some((_, _, name)) => ApiError::about(Code::NotEmulated, name),
            None => Code::MethodNotAllowed.into(),
        };
    }
    let resource = KNOWN_RESOURCES.iter().find_map(|(root, one, many)| {
        let rest = path.strip_prefix(root)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| (rest.split('/').skip(1).count(), one, many))
    });
    let Some((depth, one, many)) = resource else { return Code::InvalidUrl.into() };
    let name = match (method, depth) {
        ("GET", 0) => format!("List {many}"),
        ("POST", 0) => format!("Create {one}"),
        ("PUT", 0) => format!("Update {one} by unique custom field"),
        ("DELETE", 0) => format!("Delete {many}"),
        ("GET", 1) => format!("Get {one}"),
        ("PUT", 1) => format!("Update {one}"),
        ("DELETE", 1) => format!("Delete {one}"),
        ("GET" | "POST" | "PUT" | "DELETE", _) => format!("{method} /{}", nameless(path)),
        _ => return Code::MethodNotAllowed.into(),
    };
    ApiError::about(Code::NotEmulated, &name)
}

/// The path with ids replaced, so that one operation always has one name.
fn nameless(path: &str) -> String {
    let id = |segment: &&str| segment.bytes().all(|byte| byte.is_ascii_digit());
    path.split('/').map(|segment| if id(&segment) { "{id}" } else { segment }).collect::<Vec<_>>().join("/")
}

fn ids(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut ids = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(ids),
            (Some("*"), Some(id)) => ids.push(id.to_owned()),
            (Some(literal), Some(segment)) if literal == segment => {}
            _ => return None,
        }
    }
}
