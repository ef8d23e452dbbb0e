//! OAuth scopes: `<Service>.<module>.<OP>`, compared without case.

/// Services and their modules.
const SERVICES: [(&str, &[&str]); 4] = [
    (
        "zohobooks",
        &[
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
        ],
    ),
    (
        "zohoinvoice",
        &[
            "contacts",
            "settings",
            "estimates",
            "invoices",
            "customerpayments",
            "creditnotes",
            "projects",
            "expenses",
        ],
    ),
    (
        "zohosubscriptions",
        &[
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
        ],
    ),
    (
        "zohoexpense",
        &[
            "expense",
            "expensereport",
            "expensecategory",
            "currency",
            "orgsettings",
            "organizations",
            "reports",
        ],
    ),
];

const OPERATIONS: [&str; 5] = ["create", "read", "update", "delete", "all"];

/// Splits a scope list; commas and blanks both separate. `None` when a scope is not known or the list is empty.
pub(crate) fn parse(text: &str) -> Option<Vec<String>> {
    let scopes: Vec<String> =
        text.split([',', ' ']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    (!scopes.is_empty() && scopes.iter().all(|scope| known(&scope.to_ascii_lowercase()))).then_some(scopes)
}

fn known(scope: &str) -> bool {
    let mut parts = scope.split('.');
    let (Some(service), Some(module), Some(operation), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    // ERP repeats the modules of Books under a prefix of its own.
    let service = if service == "erp" { "zohobooks" } else { service };
    let modules = SERVICES.iter().find(|(name, _)| *name == service).map(|(_, modules)| *modules);
    modules.is_some_and(|modules| {
        (module == "fullaccess" && operation == "all")
            || (modules.contains(&module) && OPERATIONS.contains(&operation))
    })
}

/// Whether `granted` covers one operation of a Books module.
pub(crate) fn covers(granted: &[String], module: &str, operation: &str) -> bool {
    granted.iter().any(|scope| {
        let scope = scope.to_ascii_lowercase();
        let mut parts = scope.split('.');
        let (service, granted_module, granted_operation) = (parts.next(), parts.next(), parts.next());
        service == Some("zohobooks")
            && (granted_module == Some("fullaccess")
                || granted_module == Some(module)
                    && matches!(granted_operation, Some(op) if op == "all" || op == operation))
    })
}
