//! What the bare handlers ask the database: one statement for each operation. `$1` is the organization.

/// The statements, by their places in [`TEXTS`].
#[derive(Debug, Clone, Copy)]
pub enum Name {
    Account,
    Accounts,
    AccountsAfter,
    Deals,
    DealsAfter,
    Transactions,
    TransactionsAfter,
    Receivables,
    Move,
}

macro_rules! accounts {
    ($after:literal) => {
        concat!(
            "SELECT id, name_key, name, industry, website, phone, employee_count FROM account \
             WHERE organization_id = $1 AND deleted_at IS NULL ",
            $after,
            " ORDER BY name_key, id LIMIT 51"
        )
    };
}

macro_rules! deals {
    ($after:literal) => {
        concat!(
            "SELECT d.id, d.name_key, d.name, a.name, t.id, t.number, t.dated_on, t.total_units, t.currency_code \
             FROM (SELECT id, name_key, name, account_id FROM deal WHERE organization_id = $1 AND deleted_at IS NULL ",
            $after,
            " ORDER BY name_key, id LIMIT 51) d \
             LEFT JOIN account a ON a.organization_id = $1 AND a.id = d.account_id AND a.deleted_at IS NULL \
             LEFT JOIN LATERAL (SELECT id, number, dated_on, total_units, currency_code FROM document \
               WHERE organization_id = $1 AND deal_id = d.id AND deleted_at IS NULL \
               ORDER BY dated_on DESC NULLS LAST, id DESC LIMIT 3) t ON true \
             ORDER BY d.name_key, d.id, t.dated_on DESC NULLS LAST, t.id DESC"
        )
    };
}

macro_rules! transactions {
    ($after:literal) => {
        concat!(
            "SELECT d.id, d.number, d.kind, d.status, d.dated_on, d.total_units, d.currency_code, d.customer_id, a.name \
             FROM (SELECT * FROM document WHERE organization_id = $1 AND status = $2 AND deleted_at IS NULL \
               AND dated_on IS NOT NULL ",
            $after,
            " ORDER BY dated_on DESC, id DESC LIMIT 51) d \
             LEFT JOIN record_link l ON l.organization_id = $1 AND l.finance_organization_id = d.finance_organization_id \
               AND l.kind = 'CUSTOMER' AND l.remote_id = d.customer_id AND l.record_type = 'ACCOUNT' AND l.state <> 'DELETED' \
             LEFT JOIN account a ON a.organization_id = $1 AND a.id = l.record_id AND a.deleted_at IS NULL \
             ORDER BY d.dated_on DESC, d.id DESC"
        )
    };
}

/// The statements.
pub const TEXTS: [&str; 9] = [
    "SELECT id, name, industry, website, phone, description, year_established, employee_count, annual_revenue_units, \
     annual_revenue_currency_code, created_at FROM account WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL",
    accounts!(""),
    accounts!("AND (name_key, id) > ($2, $3)"),
    deals!(""),
    deals!("AND (name_key, id) > ($2, $3)"),
    transactions!(""),
    transactions!("AND (dated_on, id) < ($3, $4)"),
    "SELECT d.currency_code, o.base_currency_code, \
       (SELECT min(f.fetched_at) FROM document_feed f JOIN integration i ON i.organization_id = f.organization_id \
         AND i.id = f.integration_id WHERE f.organization_id = o.organization_id AND i.finance_organization_id = o.id \
         AND f.kind = 'INVOICE'), \
       coalesce(sum(d.balance_units), 0)::bigint, coalesce(sum(d.home_balance_whole), 0)::bigint, \
       coalesce(sum(d.home_balance_nano), 0)::bigint, \
       count(*) FILTER (WHERE d.id IS NOT NULL AND d.home_total_whole IS NULL), \
       coalesce(sum(d.balance_units) FILTER (WHERE l.is_late), 0)::bigint, \
       coalesce(sum(d.home_balance_whole) FILTER (WHERE l.is_late), 0)::bigint, \
       coalesce(sum(d.home_balance_nano) FILTER (WHERE l.is_late), 0)::bigint, \
       count(*) FILTER (WHERE l.is_late AND d.home_balance_whole IS NULL) \
     FROM record_link c \
     JOIN finance_organization o ON o.organization_id = $1 AND o.id = c.finance_organization_id \
     LEFT JOIN document d ON d.organization_id = $1 AND d.finance_organization_id = c.finance_organization_id \
       AND d.customer_id = c.remote_id AND d.kind = 'INVOICE' AND d.deleted_at IS NULL \
       AND d.status NOT IN ('DRAFT', 'PENDING_APPROVAL', 'APPROVED', 'REJECTED', 'VOID') \
     LEFT JOIN LATERAL (SELECT d.due_on < (now() AT TIME ZONE o.time_zone)::date AND d.balance_units > 0 AS is_late) l ON true \
     WHERE c.organization_id = $1 AND c.record_id = $2 AND c.kind = 'CUSTOMER' AND c.remote_id IS NOT NULL \
       AND c.state <> 'DELETED' \
     GROUP BY o.organization_id, o.id, o.base_currency_code, d.currency_code ORDER BY d.currency_code",
    "UPDATE deal SET stage_id = stage.id, version = version + 1, updated_at = now(), \
       closed_on = CASE WHEN closed_on IS NULL AND stage.kind IN ('WON', 'LOST') THEN current_date ELSE closed_on END \
     FROM stage WHERE deal.organization_id = $1 AND deal.id = $2 AND deal.deleted_at IS NULL AND stage.organization_id = $1 \
       AND stage.id = $3 RETURNING deal.id, stage.name",
];
