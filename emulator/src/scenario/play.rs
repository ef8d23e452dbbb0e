//! Playing a scenario on a state of its own, so that a refusal leaves nothing behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::reference::{Saved, record};
use super::{Scenario, ScenarioError, Step};
use crate::auth::Context;
use crate::error::{ApiError, Code};
use crate::generate;
use crate::json::Json;
use crate::random::Random;
use crate::request::{Call, Query, Settings};
use crate::resource::user;
use crate::routes::{self, Target};
use crate::store::records::User;
use crate::store::{State, Store, seeding};

/// What a scenario has done.
#[derive(Debug, Default)]
pub(crate) struct Played {
    pub(crate) calls: usize,
    /// Generated records by kind.
    pub(crate) created: BTreeMap<&'static str, u64>,
    /// The records of the answers that were saved, by name; an answer without one is there as a whole.
    pub(crate) saved: BTreeMap<String, Json>,
}

impl Scenario {
    /// The state that an emulator starts with.
    pub(crate) fn first_state(
        &self,
        now: DateTime<Utc>,
        random: &Arc<Random>,
    ) -> Result<State, ScenarioError> {
        self.play(State::default(), now, random).map(|(state, _)| state)
    }

    /// The state that this scenario makes of `state`.
    pub(crate) fn play(
        &self,
        state: State,
        now: DateTime<Utc>,
        random: &Arc<Random>,
    ) -> Result<(State, Played), ScenarioError> {
        let state = match &self.seed {
            None => state,
            Some(seed) => {
                seed.check().map_err(ScenarioError::Seed)?;
                seeding::planted(seed, now, random)
            }
        };
        let store = Store::in_memory(state, Arc::clone(random));
        let mut played = Played::default();
        for order in &self.generate {
            for (kind, count) in generate::run(&store, now, order)?.created {
                *played.created.entry(kind).or_default() += count;
            }
        }
        let mut saved = Saved::default();
        for (index, step) in self.calls.iter().enumerate() {
            let answer = step.make(&store, now, &saved).map_err(|failure| failure.at(index, step))?;
            if let Some(name) = &step.name {
                saved.0.insert(name.clone(), answer);
            }
        }
        played.calls = self.calls.len();
        let records = saved.0.into_iter().map(|(name, answer)| {
            let shown = record(&answer).cloned();
            (name, shown.unwrap_or(answer))
        });
        played.saved = records.collect();
        Ok((store.read(), played))
    }
}

enum Failure {
    Refused(u32, String),
    Impossible(String),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Refused(error.code(), error.message)
    }
}

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self::Impossible(reason)
    }
}

impl Failure {
    fn at(self, index: usize, step: &Step) -> ScenarioError {
        let call = step.call.clone();
        match self {
            Self::Refused(code, message) => ScenarioError::Call { index, call, code, message },
            Self::Impossible(reason) => ScenarioError::Impossible { index, call, reason },
        }
    }
}

impl Step {
    /// Makes the call and gives back its answer.
    fn make(&self, store: &Store, now: DateTime<Utc>, saved: &Saved) -> Result<Json, Failure> {
        let (method, path) = self
            .call
            .split_once(' ')
            .ok_or_else(|| "Name method and path, such as \"POST /books/v3/contacts\".".to_owned())?;
        let path = saved.resolve_path(path.trim())?;
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        let (operation, product, ids) = match routes::find(method, path.trim_matches('/')) {
            Target::Operation(operation, product, ids) => (operation, product, ids),
            Target::Refused(error) => return Err(error.into()),
            _ => return Err("It is no call of a product.".to_owned().into()),
        };
        let query = Query::parse(query.as_bytes());
        let body = self.body.as_ref().map(|body| saved.resolve(body)).transpose()?;
        let named = self.organization_id.as_deref().or_else(|| query.get("organization_id"));
        let state = store.read();
        let user = self.user(&state, named)?;
        let own = user::organizations(&state, &user).next().cloned();
        let mut context = Context::of(store, now, user, product);
        if operation.scoped {
            let id = named.map(str::to_owned).or(own).ok_or_else(|| ApiError::from(Code::NoOrganization))?;
            context.choose(&id)?;
        }
        let (headers, files, settings) = (Arc::default(), Vec::new(), Settings::default());
        let call = Call { ids, query, headers, files, body: Ok(body), settings };
        let reply = operation.answer(&context, &call)?;
        let answer = std::str::from_utf8(&reply.body).ok().and_then(|text| Json::parse(text).ok());
        let answer = answer.unwrap_or(Json::Null);
        if reply.status < 400 {
            return Ok(answer);
        }
        let message = answer.get("message").and_then(Json::as_str).unwrap_or_default().to_owned();
        Err(Failure::Refused(reply.code.unwrap_or_default(), message))
    }

    /// The named user, or the first one of the organization, or the first one of all.
    fn user(&self, state: &State, organization_id: Option<&str>) -> Result<Arc<User>, String> {
        if let Some(email) = &self.user {
            let known = state.user_by_email(email).cloned();
            return known.ok_or_else(|| format!("\"{email}\" is the e-mail address of no user."));
        }
        let fits = |user: &&Arc<User>| organization_id.is_none_or(|id| user::works_for(state, user, id));
        let found = state.users.values().find(fits).cloned();
        found.ok_or_else(|| "No user belongs to the organization.".to_owned())
    }
}
