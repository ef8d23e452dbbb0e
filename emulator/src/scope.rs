//! OAuth scopes: `<Service>.<module>.<OP>`, compared without case (API facts, section 2.4).

use crate::product::Product;

const BOOKS: [&str; 16] = [
    "contacts",
    "settings",
    "estimates",
    "invoices",
    "customerpayments",
    "creditnotes",
    "projects",
    "expenses",
    "salesorders",
    "purchaseorders",
    "bills",
    "debitnotes",
    "vendorpayments",
    "banking",
    "accountants",
    "custommodules",
];

const INVOICE: [&str; 8] = [
    "contacts",
    "settings",
    "estimates",
    "invoices",
    "customerpayments",
    "creditnotes",
    "projects",
    "expenses",
];

const BILLING: [&str; 16] = [
    "products",
    "plans",
    "addons",
    "coupons",
    "customers",
    "subscriptions",
    "hostedpages",
    "invoices",
    "payments",
    "creditnotes",
    "quotes",
    "items",
    "expenses",
    "projects",
    "settings",
    "webhooks",
];

/// The last six are a guess by the names of the API's resources; the documents do not list them.
const EXPENSE: [&str; 13] = [
    "expense",
    "expensereport",
    "expensecategory",
    "currency",
    "orgsettings",
    "organizations",
    "reports",
    "tax",
    "customer",
    "project",
    "user",
    "trip",
    "advancepayment",
];

const OPERATIONS: [&str; 5] = ["create", "read", "update", "delete", "all"];

fn modules(product: Product) -> &'static [&'static str] {
    match product {
        // ERP repeats the modules of Books under a prefix of its own.
        Product::Books | Product::Erp => &BOOKS,
        Product::Invoice => &INVOICE,
        Product::Expense => &EXPENSE,
        Product::Billing => &BILLING,
    }
}

/// Splits a scope list; commas and blanks both separate. `None` when a scope is not known or the list is empty.
pub(crate) fn parse(text: &str) -> Option<Vec<String>> {
    let scopes: Vec<String> = text
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect();
    (!scopes.is_empty() && scopes.iter().all(|scope| known(&scope.to_ascii_lowercase()))).then_some(scopes)
}

fn split(scope: &str) -> Option<(&str, &str, &str)> {
    let mut parts = scope.split('.');
    let split = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some(split)
}

fn known(scope: &str) -> bool {
    let Some((service, module, operation)) = split(scope) else { return false };
    Product::ALL.into_iter().filter(|product| product.service() == service).any(|product| {
        (module == "fullaccess" && operation == "all")
            || (modules(product).contains(&module) && OPERATIONS.contains(&operation))
    })
}

/// Whether `granted` covers one operation of a module of `service`; all three in lower case.
pub(crate) fn covers(granted: &[String], service: &str, module: &str, operation: &str) -> bool {
    granted.iter().any(|scope| {
        let scope = scope.to_ascii_lowercase();
        split(&scope).is_some_and(|(of, granted_module, granted_operation)| {
            of == service
                && (granted_module == "fullaccess"
                    || granted_module == module
                        && (granted_operation == "all" || granted_operation == operation))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_refused_whole_when_one_scope_is_bad() {
        for good in [
            "ZohoBooks.fullaccess.all",
            "zohobooks.CONTACTS.read, ZohoInvoice.invoices.ALL",
            "ZohoSubscriptions.plans.CREATE ZohoExpense.fullaccess.ALL",
            "ERP.salesorders.UPDATE,,ERP.settings.READ",
        ] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            " , ",
            "ZohoBooks.contacts",
            "ZohoBooks.contacts.READ.more",
            "ZohoBooks.fullaccess.READ",
            "ZohoBooks.plans.READ",
            "ZohoInvoice.bills.READ",
            "ZohoBilling.plans.READ",
            "ZohoBooks.contacts.READ,ZohoBooks.nope.READ",
            "ZohoBooks.contacts.WRITE",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
