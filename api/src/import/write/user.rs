//! Users: people and their places in the organization.
//!
//! A person is known by the e-mail address and may belong to several organizations, so an import gives an existing
//! person a place here and otherwise leaves what belongs to all of them alone.

use std::collections::{HashMap, HashSet};

use finbridge_domain::name_key;
use finbridge_entity::types::Role;
use finbridge_entity::{Scoped, crm_user, membership};
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, Set};
use uuid::Uuid;

use super::{Context, Updated, insert, set};
use crate::import::note::Reason;
use crate::import::row::Row;
use crate::import::value::Value;

pub(super) async fn create(context: &Context<'_>, rows: &[&Row<'_>]) -> Result<Vec<Uuid>, DbErr> {
    let emails: HashSet<String> = rows.iter().map(|row| email(row)).collect();
    let known =
        crm_user::Entity::find().filter(crm_user::Column::Email.is_in(emails)).all(context.tx).await?;
    let mut people: HashMap<String, Uuid> = known.into_iter().map(|user| (user.email, user.id)).collect();
    let members = membership::Entity::of(context.organization_id)
        .filter(membership::Column::UserId.is_in(people.values().copied()))
        .all(context.tx)
        .await?;
    let mut members: HashSet<Uuid> = members.into_iter().map(|member| member.user_id).collect();

    let (mut new_people, mut new_members, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let email = email(row);
        let id = *people.entry(email.clone()).or_insert_with(|| {
            let id = context.ids.uuid();
            new_people.push(crm_user::ActiveModel {
                id: Set(id),
                email: Set(email),
                name: Set(name(row)),
                created_at: Set(context.now),
            });
            id
        });
        if members.insert(id) {
            new_members.push(membership::ActiveModel {
                organization_id: Set(context.organization_id),
                id: Set(context.ids.uuid()),
                user_id: Set(id),
                role: Set(Role::Standard),
                team: Set(row.value("team").and_then(Value::text)),
                name_key: Set(name_key(&name(row))),
                created_at: Set(context.now),
            });
        }
        ids.push(id);
    }
    insert(context, new_people).await?;
    insert(context, new_members).await?;
    Ok(ids)
}

pub(super) async fn update(context: &Context<'_>, rows: &[(Uuid, &Row<'_>)]) -> Result<Vec<Updated>, DbErr> {
    let mut outcomes = Vec::with_capacity(rows.len());
    // People change rarely and are few, so each is read on its own.
    for (id, row) in rows {
        let places =
            membership::Entity::find().filter(membership::Column::UserId.eq(*id)).all(context.tx).await?;
        let elsewhere = places.iter().any(|place| place.organization_id != context.organization_id);
        let here = places.into_iter().find(|place| place.organization_id == context.organization_id);
        let person = crm_user::Entity::find_by_id(*id).one(context.tx).await?;
        let (Some(here), Some(person)) = (here, person) else {
            outcomes.push(Updated::Refused(Reason::Deleted));
            continue;
        };
        let email_changed = person.email != email(row);
        // The name belongs to every organization the person is in; one tenant's file does not rename it for others.
        if !elsewhere {
            let mut person = person.into_active_model();
            person.name = Set(name(row));
            person.update(context.tx).await?;
            let mut here = here.clone().into_active_model();
            here.name_key = Set(name_key(&name(row)));
            here.update(context.tx).await?;
        }
        if row.value("team").is_some() {
            let mut here = here.into_active_model();
            set(&mut here.team, row, "team", Value::text);
            here.update(context.tx).await?;
        }
        outcomes.push(if email_changed {
            Updated::Kept { field: "email", reason: Reason::EmailKept }
        } else {
            Updated::Written
        });
    }
    Ok(outcomes)
}

/// The address as people are known by it: in lower case.
fn email(row: &Row<'_>) -> String {
    row.value("email").and_then(Value::text).unwrap_or_default().to_lowercase()
}

fn name(row: &Row<'_>) -> String {
    row.value("name").and_then(Value::text).unwrap_or_default()
}
