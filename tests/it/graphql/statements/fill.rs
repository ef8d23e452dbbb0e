//! Rows of every kind, all of which lead to different ones.

use finbridge_domain::{
    Clock, CrmModule, Direction, DuplicatePolicy, NodeKind, SyncModule, SyncSettings, ViewChoice, name_key,
};
use finbridge_entity::criteria::{Comparison, Operator};
use finbridge_entity::types::{
    Address, ConflictState, CustomFieldKind, DocumentActKind, DocumentActState, ExactDecimal,
    IntegrationState, ItemAction, ItemOutcome, ItemState, LinkState, Origin, RecordType, Role, RunPhase,
    RunState, RunTrigger, StageKind,
};
use finbridge_entity::{
    account, contact, crm_exchange_rate, custom_field, deal, deal_line, document, document_act,
    document_line, field_lineage, finance_organization, integration, layout, layout_field, pipeline, product,
    product_price, record_link, stage, sync_conflict, sync_module, sync_run, sync_run_item, sync_settings,
    tag, vendor, view,
};
use finbridge_tests::TestWorld;
use sea_orm::prelude::Uuid;
use sea_orm::{ActiveModelTrait, Set};
use serde_json::json;

use super::super::{colleague, db, product_row, vendor_row};
use super::MANY;
use super::hung::{Hung, hang};

/// A foreign currency for each row.
const CURRENCIES: [&str; MANY] = [
    "AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "INR", "JPY", "KRW", "MXN",
    "NOK", "NZD", "PLN", "SEK", "SGD",
];

/// The ids of the rows by kind.
pub(super) async fn rows(world: &TestWorld) -> Vec<(NodeKind, Vec<Uuid>)> {
    let (ids, now) = (&world.app.engine.ids, world.clock.now());
    let here = world.viewer.organization_id;
    let usd = || Some("USD".to_owned());
    let mut made: Vec<[(NodeKind, Uuid); 26]> = Vec::new();
    let mut parent = None;
    for n in 0..MANY {
        let position = i32::try_from(n).expect("a small number") + 2;
        let name = format!("N{n:02}");
        let key = name_key(&name);
        let owner = colleague(world, &name, Role::Standard).await.viewer.user_id;
        let pipeline = row!(
            world,
            pipeline {
                name: name.clone(),
                name_key: key.clone(),
                position: position,
                version: 1,
                created_at: now,
                updated_at: now,
            }
        );
        let stage = row!(
            world,
            stage {
                pipeline_id: pipeline,
                name: name.clone(),
                name_key: key.clone(),
                kind: StageKind::Open,
                position: position,
            }
        );
        let field = row!(
            world,
            custom_field {
                record_type: RecordType::Account,
                key: format!("f{n:02}"),
                label: name.clone(),
                kind: CustomFieldKind::Text,
                is_required: false,
                is_unique: false,
                position: position,
                version: 1,
                created_at: now,
                updated_at: now,
            }
        );
        let layout = row!(
            world,
            layout {
                record_type: RecordType::Account,
                name: name.clone(),
                name_key: key.clone(),
                is_standard: false,
                version: 1,
                created_at: now,
                updated_at: now,
            }
        );
        row!(world, layout_field { layout_id: layout, field_id: field, position: 1 });
        let tag = row!(world, tag { name: name.clone(), name_key: key.clone(), created_at: now });
        let hung = Hung { owner, field, tag };

        let address = || Some(Address { city: Some("x".to_owned()), ..Address::default() });
        let account = row!(
            world,
            account {
                wire_id: ids.wire_id().0,
                name: name.clone(),
                name_key: key.clone(),
                owner_id: Some(owner),
                layout_id: Some(layout),
                parent_id: parent,
                annual_revenue_units: Some(1),
                annual_revenue_currency_code: usd(),
                billing_address: address(),
                shipping_address: address(),
                version: 1,
                created_at: now,
                updated_at: now,
            }
        );
        parent = Some(account);
        let note = hang(world, RecordType::Account, account, &hung).await;
        let contact = row!(
            world,
            contact {
                wire_id: ids.wire_id().0,
                name: name.clone(),
                name_key: key.clone(),
                last_name: name.clone(),
                owner_id: Some(owner),
                layout_id: Some(layout),
                account_id: Some(account),
                mailing_address: address(),
                version: 1,
                created_at: now,
                updated_at: now,
            }
        );
        hang(world, RecordType::Contact, contact, &hung).await;
        let vendor = vendor::ActiveModel {
            owner_id: Set(Some(owner)),
            layout_id: Set(Some(layout)),
            address: Set(address()),
            ..vendor_row(world, here, &name)
        };
        let vendor = vendor.insert(db(world)).await.expect("a vendor").id;
        hang(world, RecordType::Vendor, vendor, &hung).await;
        let product = product::ActiveModel {
            owner_id: Set(Some(owner)),
            layout_id: Set(Some(layout)),
            unit_price_units: Set(Some(1)),
            unit_price_currency_code: Set(usd()),
            ..product_row(world, here, &name)
        };
        let product = product.insert(db(world)).await.expect("a product").id;
        row!(world, product_price { product_id: product, currency_code: "EUR".to_owned(), amount_units: 1 });
        hang(world, RecordType::Product, product, &hung).await;
        let deal = row!(
            world,
            deal {
                wire_id: ids.wire_id().0,
                name: name.clone(),
                name_key: key.clone(),
                owner_id: Some(owner),
                layout_id: Some(layout),
                account_id: Some(account),
                stage_id: stage,
                amount_units: Some(1),
                currency_code: "USD".to_owned(),
                version: 1,
                created_at: now,
                updated_at: now,
            }
        );
        hang(world, RecordType::Deal, deal, &hung).await;
        let one = ExactDecimal("1".parse().expect("a number"));
        let line = row!(
            world,
            deal_line {
                deal_id: deal,
                product_id: product,
                position: 1,
                quantity: one,
                unit_price: Some(one),
            }
        );

        let criteria = Comparison::of("name", Operator::Eq, &["x"]);
        let view = row!(
            world,
            view {
                record_type: RecordType::Account,
                name: name.clone(),
                name_key: key.clone(),
                is_shared: true,
                owner_id: owner,
                criteria: serde_json::to_value(criteria).expect("JSON"),
                version: 1,
                created_at: now,
                updated_at: now,
            }
        );
        let there = row!(
            world,
            finance_organization {
                vendor: "zoho".to_owned(),
                remote_id: name.clone(),
                name: name.clone(),
                base_currency_code: "USD".to_owned(),
                country: None,
                time_zone: None,
                capabilities: json!({}),
                created_at: now,
                updated_at: now,
            }
        );
        let link = row!(
            world,
            record_link {
                finance_organization_id: there,
                kind: "CUSTOMER".to_owned(),
                record_type: "ACCOUNT".to_owned(),
                record_id: account,
                remote_id: Some(name.clone()),
                state: LinkState::Linked,
                origin: Origin::Crm,
                synced_version: 1,
                created_at: now,
                updated_at: now,
            }
        );
        let integration = row!(
            world,
            integration {
                app_key: "books".to_owned(),
                profile_key: "BOOKS_2013".to_owned(),
                state: IntegrationState::Active,
                finance_organization_id: there,
                connected_email: "x@example.com".to_owned(),
                sealed_credential: String::new(),
                version: 1,
                created_at: now,
                updated_at: now,
            }
        );
        for (kind, record_type, record, remote, parent) in [
            ("CONTACT_PERSON", "CONTACT", contact, format!("P{name}"), Some(name.clone())),
            ("VENDOR", "VENDOR", vendor, format!("V{name}"), None),
            ("ITEM", "PRODUCT", product, format!("I{name}"), None),
        ] {
            row!(
                world,
                record_link {
                    finance_organization_id: there,
                    kind: kind.to_owned(),
                    record_type: record_type.to_owned(),
                    record_id: record,
                    remote_id: Some(remote),
                    remote_parent_id: parent,
                    state: LinkState::Linked,
                    origin: Origin::Crm,
                    synced_version: 1,
                    created_at: now,
                    updated_at: now,
                }
            );
        }
        let transaction = row!(
            world,
            document {
                finance_organization_id: there,
                integration_id: integration,
                kind: "INVOICE".to_owned(),
                remote_id: name.clone(),
                number: Some(name.clone()),
                status: "SENT".to_owned(),
                remote_status: "sent".to_owned(),
                customer_id: Some(name.clone()),
                vendor_id: Some(format!("V{name}")),
                deal_id: Some(deal),
                currency_code: (*CURRENCIES.get(n).expect("a currency")).to_owned(),
                exchange_rate: Some(one),
                dated_on: Some(now.date_naive()),
                // What it is depends on the time zone, which has to be looked up.
                due_on: Some(now.date_naive()),
                sub_total_units: Some(1),
                discount_units: Some(1),
                tax_units: Some(1),
                shipping_units: Some(1),
                adjustment_units: Some(1),
                total_units: 1,
                balance_units: Some(1),
                home_currency_code: "USD".to_owned(),
                home_total_whole: Some(0),
                home_total_nano: Some(100_000),
                home_balance_whole: Some(0),
                home_balance_nano: Some(100_000),
                detail: json!({
                    "taxes": [{ "name": "VAT", "amount": "1" }],
                    "applications": [{ "document_id": name, "amount": "1" }],
                    "subscription": { "plan_name": "x" },
                }),
                is_whole: true,
                remote_modified_at: now,
                read_at: now,
                version: 1,
                created_at: now,
                updated_at: now,
            }
        );
        let transaction_line = row!(
            world,
            document_line {
                document_id: transaction,
                position: 0,
                item_id: Some(format!("I{name}")),
                name: name.clone(),
                quantity: one,
                unit_price: one,
                total_units: 1,
            }
        );
        let transaction_job = row!(
            world,
            document_act {
                integration_id: integration,
                kind: "INVOICE".to_owned(),
                document_id: Some(transaction),
                act: DocumentActKind::Refresh,
                input: json!("Refresh"),
                state: DocumentActState::Succeeded,
                attempts: 1,
                actor_id: Some(owner),
                created_at: now,
                finished_at: Some(now),
            }
        );
        let rate = row!(
            world,
            crm_exchange_rate {
                currency_code: (*CURRENCIES.get(n).expect("a currency")).to_owned(),
                rate: one,
                version: 1,
                created_at: now,
                updated_at: now,
            }
        );
        let settings = SyncSettings {
            crm_module: Some(CrmModule::Accounts),
            account_view: Some(ViewChoice { view_id: view, viewer_id: owner }),
            ..SyncSettings::new(Direction::FetchFromCrm, DuplicatePolicy::Skip)
        };
        let settings = serde_json::to_value(settings).expect("JSON");
        let module = row!(
            world,
            sync_module {
                integration_id: integration,
                module: SyncModule::Customers.as_str().to_owned(),
                settings_version: 1
            }
        );
        row!(
            world,
            sync_settings { sync_module_id: module, version: 1, settings: settings.clone(), created_at: now }
        );
        let run = row!(
            world,
            sync_run {
                integration_id: integration,
                sync_module_id: module,
                module: SyncModule::Customers.as_str().to_owned(),
                trigger: RunTrigger::Instant,
                state: RunState::Succeeded,
                phase: RunPhase::Done,
                settings_version: 1,
                settings: settings,
                requested_by_id: Some(owner),
                planned_count: 1,
                attempts: 0,
                created_at: now,
            }
        );
        let active = sync_module::ActiveModel {
            organization_id: Set(here),
            id: Set(module),
            active_run_id: Set(Some(run)),
            ..Default::default()
        };
        active.update(db(world)).await.expect("the module");
        let item = row!(
            world,
            sync_run_item {
                run_id: run,
                record_type: "ACCOUNT".to_owned(),
                record_id: account,
                record_name: name.clone(),
                record_version: 1,
                action: ItemAction::Create,
                rule: "x".to_owned(),
                reason: "x".to_owned(),
                state: ItemState::Failed,
                changes: json!([]),
                outcome: ItemOutcome::Failed,
                error_code: Some("FINANCE_REFUSED".to_owned()),
                attempts: 0,
                created_at: now,
            }
        );
        let conflict = row!(
            world,
            sync_conflict {
                link_id: link,
                run_id: run,
                field: "website".to_owned(),
                crm_value: Some("x".to_owned()),
                finance_value: Some("y".to_owned()),
                state: ConflictState::Open,
                resolved_by_id: Some(owner),
                created_at: now,
            }
        );
        let lineage = row!(
            world,
            field_lineage {
                link_id: link,
                field: "website".to_owned(),
                side: "CRM".to_owned(),
                value: Some("x".to_owned()),
                run_id: run,
                rule: "x".to_owned(),
                actor_id: Some(owner),
                recorded_at: now,
            }
        );
        made.push([
            (NodeKind::User, owner),
            (NodeKind::Pipeline, pipeline),
            (NodeKind::Stage, stage),
            (NodeKind::CustomField, field),
            (NodeKind::Layout, layout),
            (NodeKind::Tag, tag),
            (NodeKind::Account, account),
            (NodeKind::Note, note),
            (NodeKind::Contact, contact),
            (NodeKind::Vendor, vendor),
            (NodeKind::Product, product),
            (NodeKind::Deal, deal),
            (NodeKind::DealLine, line),
            (NodeKind::View, view),
            (NodeKind::FinanceOrganization, there),
            (NodeKind::RecordLink, link),
            (NodeKind::Integration, integration),
            (NodeKind::SyncModule, module),
            (NodeKind::SyncRun, run),
            (NodeKind::SyncRunItem, item),
            (NodeKind::SyncConflict, conflict),
            (NodeKind::FieldLineage, lineage),
            (NodeKind::Transaction, transaction),
            (NodeKind::TransactionLine, transaction_line),
            (NodeKind::TransactionJob, transaction_job),
            (NodeKind::ExchangeRate, rate),
        ]);
    }
    let kinds = made.first().expect("rows").map(|(kind, _)| kind).into_iter().enumerate();
    kinds.map(|(place, kind)| (kind, made.iter().map(|row| row[place].1).collect())).collect()
}
