-- A CRM of one organization with the documents of one finance organization. :accounts, :contacts, :deals and :transactions are the
-- sizes; psql puts them in with -v, the benchmark by itself. Everything is made of the row's number, so that every run has the
-- same rows.

-- A UUID v7 that ascends with the number: `kind` tells tables apart, and every row is a millisecond after the one before it.
CREATE FUNCTION pg_temp.made(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (substr(lpad(to_hex(1735689600000 + n), 12, '0'), 1, 8) || '-' || substr(lpad(to_hex(1735689600000 + n), 12, '0'), 9, 4)
    || '-7' || lpad(to_hex(kind), 3, '0') || '-8000-' || lpad(to_hex(n), 12, '0'))::uuid
$$;

CREATE FUNCTION pg_temp.here() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT id FROM organization ORDER BY id LIMIT 1 $$;

CREATE FUNCTION pg_temp.moment(n bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
  SELECT timestamptz '2025-01-01 00:00:00+00' + n * interval '37 seconds'
$$;

INSERT INTO stage (organization_id, id, pipeline_id, name, name_key, kind, position)
SELECT pg_temp.here(), pg_temp.made(1, n), (SELECT id FROM pipeline LIMIT 1), name, lower(name), kind, n
FROM (VALUES (1, 'Qualified', 'OPEN'), (2, 'Proposal', 'OPEN'), (3, 'Negotiation', 'OPEN'), (4, 'Closed Won', 'WON'),
  (5, 'Closed Lost', 'LOST')) AS stages (n, name, kind);

INSERT INTO finance_organization (organization_id, id, vendor, remote_id, name, base_currency_code, country, time_zone, capabilities,
  created_at, updated_at)
VALUES (pg_temp.here(), pg_temp.made(2, 1), 'zoho', '10234695', 'Bench', 'USD', 'U.S.A', 'America/Los_Angeles', '{}',
  pg_temp.moment(0), pg_temp.moment(0));

INSERT INTO integration (organization_id, id, app_key, profile_key, state, finance_organization_id, connected_email,
  sealed_credential, version, created_at, updated_at)
VALUES (pg_temp.here(), pg_temp.made(3, 1), 'books', 'BOOKS_NOW', 'ACTIVE', pg_temp.made(2, 1), 'bench@example.com', '', 1,
  pg_temp.moment(0), pg_temp.moment(0));

INSERT INTO document_feed (organization_id, id, integration_id, kind, is_fetched, fetched_at, failures)
SELECT pg_temp.here(), pg_temp.made(4, n), pg_temp.made(3, 1), kind, true, timestamptz '2026-01-01 08:00:00+00', 0
FROM (VALUES (1, 'INVOICE'), (2, 'ESTIMATE'), (3, 'SALES_ORDER'), (4, 'CREDIT_NOTE')) AS kinds (n, kind);

INSERT INTO account (organization_id, id, wire_id, name, name_key, version, created_at, updated_at, industry, industry_key, website,
  phone, description, year_established, employee_count, annual_revenue_units, annual_revenue_currency_code, billing_address)
SELECT pg_temp.here(), pg_temp.made(5, n), 100000000000000000 + n, name, lower(name), 1, pg_temp.moment(n), pg_temp.moment(n * 7 % :accounts),
  industry, lower(industry), 'https://account' || n || '.example', '+1 555 ' || lpad((n % 10000000)::text, 7, '0'),
  'Sells to ' || lower(industry) || ' and was met at the fair.', 1950 + (n % 75)::int, (5 + n * 31 % 20000)::int,
  CASE WHEN n % 3 <> 0 THEN (1000 + n * 7919 % 900000) * 10000 END, CASE WHEN n % 3 <> 0 THEN 'USD' END,
  jsonb_build_object('street', n || ' Main Street', 'city', 'Springfield', 'state', 'Oregon', 'postal_code', '97477', 'country', 'U.S.A')
FROM (SELECT n, (ARRAY['Northwind', 'Contoso', 'Fabrikam', 'Initech', 'Umbrella', 'Globex', 'Hooli'])[1 + n % 7] || ' '
    || (ARRAY['Trading', 'Works', 'Foods', 'Logistics', 'Partners'])[1 + n % 5] || ' ' || lpad((n * 7919 % :accounts)::text, 6, '0') AS name,
    (ARRAY['Technology', 'Medical', 'Retail', 'Software', 'Entertainment', 'Marketing'])[1 + n % 6] AS industry
  FROM generate_series(0::bigint, :accounts - 1) AS n) AS rows;

INSERT INTO contact (organization_id, id, wire_id, name, name_key, version, created_at, updated_at, first_name, last_name, email,
  email_key, phone, title, account_id)
SELECT pg_temp.here(), pg_temp.made(6, n), 200000000000000000 + n, first || ' ' || last, lower(first || ' ' || last), 1, pg_temp.moment(n),
  pg_temp.moment(n), first, last, 'person' || n || '@example.com', 'person' || n || '@example.com', '+1 555 0100', 'Buyer',
  pg_temp.made(5, n % :accounts)
FROM (SELECT n, (ARRAY['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara'])[1 + n % 5] AS first, 'Person' || lpad(n::text, 6, '0') AS last
  FROM generate_series(0::bigint, :contacts - 1) AS n) AS rows;

INSERT INTO deal (organization_id, id, wire_id, name, name_key, version, created_at, updated_at, account_id, stage_id, amount_units,
  currency_code, opened_on, closed_on)
SELECT pg_temp.here(), pg_temp.made(7, n), 300000000000000000 + n, name, lower(name), 1, pg_temp.moment(n), pg_temp.moment(n),
  pg_temp.made(5, n % :accounts), pg_temp.made(1, 1 + n % 5), (100 + n * 7919 % 90000) * 10000, 'USD',
  date '2025-01-01' + (n % 300)::int, CASE WHEN n % 5 >= 3 THEN date '2025-11-01' + (n % 60)::int END
FROM (SELECT n, (ARRAY['Renewal', 'Expansion', 'Pilot', 'Rollout'])[1 + n % 4] || ' ' || lpad((n * 6007 % :deals)::text, 6, '0') AS name
  FROM generate_series(0::bigint, :deals - 1) AS n) AS rows;

-- Every account is a customer.
INSERT INTO record_link (organization_id, id, finance_organization_id, kind, record_type, record_id, remote_id, state, origin,
  synced_version, created_at, updated_at, remote_modified_at)
SELECT pg_temp.here(), pg_temp.made(8, n), pg_temp.made(2, 1), 'CUSTOMER', 'ACCOUNT', pg_temp.made(5, n), (460000000000000000 + n)::text,
  'LINKED', 'CRM', 1, pg_temp.moment(n), pg_temp.moment(n), pg_temp.moment(n)
FROM generate_series(0::bigint, :accounts - 1) AS n;

-- The document of number n belongs to deal n % deals, and so to that deal's account. Seven of ten are invoices, and of those six of
-- ten are paid. One of five is in euros, with a rate.
INSERT INTO document (organization_id, id, finance_organization_id, integration_id, kind, remote_id, number, status, remote_status,
  customer_id, party_name, party_key, deal_id, deal_wire_id, currency_code, exchange_rate, dated_on, due_on, sub_total_units, tax_units,
  total_units, balance_units, home_currency_code, home_total_whole, home_total_nano, home_balance_whole, home_balance_nano, detail,
  is_whole, remote_created_at, remote_modified_at, read_at, version, created_at, updated_at)
SELECT pg_temp.here(), pg_temp.made(9, n), pg_temp.made(2, 1), pg_temp.made(3, 1), kind, (470000000000000000 + n)::text,
  left(kind, 3) || '-' || lpad(n::text, 7, '0'), status, lower(status), (460000000000000000 + account)::text, party.name, party.name_key,
  pg_temp.made(7, deal), 300000000000000000 + deal, currency, CASE WHEN currency = 'EUR' THEN '1.08' END, dated_on, dated_on + 30, total, 0,
  total, balance, 'USD', total * rate / 1000000, total * rate % 1000000 * 1000, balance * rate / 1000000, balance * rate % 1000000 * 1000,
  '{}', false, moment, moment, moment, 1, moment, moment
FROM (SELECT *, CASE WHEN kind NOT IN ('INVOICE', 'CREDIT_NOTE') THEN NULL WHEN status IN ('PAID', 'VOID') THEN 0
      WHEN status = 'PARTIALLY_PAID' THEN total / 2 ELSE total END AS balance,
    CASE WHEN currency = 'EUR' THEN 108 ELSE 100 END AS rate
  FROM (SELECT n, n % :deals AS deal, n % :deals % :accounts AS account, pg_temp.moment(n) AS moment, kind,
      CASE kind WHEN 'INVOICE' THEN (ARRAY['PAID', 'PAID', 'SENT', 'PAID', 'PARTIALLY_PAID', 'PAID', 'DRAFT', 'PAID', 'VOID', 'PAID'])[1 + (n * 3 + n / :accounts) % 10]
        WHEN 'ESTIMATE' THEN 'ACCEPTED' WHEN 'SALES_ORDER' THEN 'OPEN' ELSE 'OPEN' END AS status,
      CASE WHEN n / 7 % 5 = 0 THEN 'EUR' ELSE 'USD' END AS currency,
      date '2025-12-31' - (n * 13 % 1460)::int AS dated_on, (100 + n * 7919 % 9900) * 10000 + n % 100 * 100 AS total
    FROM (SELECT n, (ARRAY['INVOICE', 'INVOICE', 'ESTIMATE', 'INVOICE', 'INVOICE', 'SALES_ORDER', 'INVOICE', 'INVOICE', 'CREDIT_NOTE', 'INVOICE'])
        [1 + (n / 10 + n + n / :accounts * 3) % 10] AS kind
      FROM generate_series(0::bigint, :transactions - 1) AS n) AS kinds) AS told) AS rows
JOIN account AS party ON party.organization_id = pg_temp.here() AND party.id = pg_temp.made(5, account);

-- What PostGraphile is given beside the tables, because nothing in them tells it: the account that a customer is, and what an
-- account owes, as a computed column.
CREATE VIEW customer_account AS
SELECT organization_id, finance_organization_id, remote_id, record_id FROM record_link
WHERE kind = 'CUSTOMER' AND record_type = 'ACCOUNT' AND remote_id IS NOT NULL AND state <> 'DELETED';

CREATE TYPE receivable AS (currency_code text, home_currency_code text, as_of timestamptz, open_units bigint, open_home_whole bigint,
  open_home_nano bigint, overdue_units bigint, overdue_home_whole bigint, overdue_home_nano bigint, unconverted bigint);

CREATE FUNCTION account_receivables(account account, today date) RETURNS SETOF receivable LANGUAGE sql STABLE AS $$
  SELECT d.currency_code, o.base_currency_code,
    (SELECT min(f.fetched_at) FROM document_feed f JOIN integration i ON i.organization_id = f.organization_id AND i.id = f.integration_id
      WHERE f.organization_id = o.organization_id AND i.finance_organization_id = o.id AND f.kind = 'INVOICE'),
    sum(d.balance_units)::bigint, sum(d.home_balance_whole)::bigint, sum(d.home_balance_nano)::bigint,
    coalesce(sum(d.balance_units) FILTER (WHERE d.due_on < today AND d.balance_units > 0), 0)::bigint,
    coalesce(sum(d.home_balance_whole) FILTER (WHERE d.due_on < today AND d.balance_units > 0), 0)::bigint,
    coalesce(sum(d.home_balance_nano) FILTER (WHERE d.due_on < today AND d.balance_units > 0), 0)::bigint,
    count(*) FILTER (WHERE d.home_total_whole IS NULL)
  FROM record_link l
  JOIN finance_organization o ON o.organization_id = l.organization_id AND o.id = l.finance_organization_id
  JOIN document d ON d.organization_id = l.organization_id AND d.finance_organization_id = l.finance_organization_id
    AND d.customer_id = l.remote_id AND d.kind = 'INVOICE' AND d.deleted_at IS NULL
    AND d.status NOT IN ('DRAFT', 'PENDING_APPROVAL', 'APPROVED', 'REJECTED', 'VOID')
  WHERE l.organization_id = account.organization_id AND l.record_id = account.id AND l.kind = 'CUSTOMER' AND l.remote_id IS NOT NULL
    AND l.state <> 'DELETED'
  GROUP BY o.organization_id, o.id, o.base_currency_code, d.currency_code
$$;

ANALYZE;
