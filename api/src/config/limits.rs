//! What one caller, and all of them together, may ask of the server.

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// What one caller, and all of them together, may ask of the server. `docs/limits.md` tells how each is counted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body_bytes: u64,
    /// Tokens of a document, before and after its fragments are put in.
    pub tokens: u64,
    /// Brackets within brackets of a document.
    pub nesting: u64,
    /// Fields within fields.
    pub depth: u64,
    /// Fields within fields of introspection.
    pub introspection_depth: u64,
    /// Objects that introspection may answer with.
    pub introspection_objects: u64,
    /// Aliases of an operation.
    pub aliases: u64,
    /// Root fields of an operation.
    pub root_fields: u64,
    /// Directives of an operation.
    pub directives: u64,
    /// Brackets within brackets of the JSON that variables come in.
    pub variables_depth: u64,
    /// Values in the JSON that variables come in.
    pub variables_values: u64,
    /// Bytes that the requests under way may take together, those that are small excepted.
    pub request_memory_bytes: u64,
    /// Errors of an answer.
    pub errors: u64,
    /// Bytes of an answer's data.
    pub answer_bytes: u64,
    /// Seconds that an execution may take.
    pub execution_seconds: u64,
    /// Requests that are executed at the same time.
    pub concurrent_requests: u64,
    /// Exports that are written at the same time.
    pub concurrent_exports: u64,
    /// Points that one request may cost.
    pub cost_per_request: u64,
    /// Points that a token has when it has rested.
    pub cost_bucket: u64,
    /// Points that a token gets back each second.
    pub cost_restore: u64,
    /// Items that a list without pages is taken to have where nothing bounds it.
    pub cost_plain_list: u64,
    /// Bytes that parsed documents may take.
    pub document_cache_bytes: u64,
    /// Unknown tokens that an address may send in a minute.
    pub unknown_tokens_per_minute: u64,
    /// Connections at the same time.
    pub connections: u64,
    /// Connections of one address at the same time.
    pub connections_per_address: u64,
    /// Seconds until a request's head must be there; also how long a connection may be idle.
    pub header_seconds: u64,
    /// Seconds until a request's body must be there.
    pub body_seconds: u64,
    /// Seconds for which a client may take nothing of its answer.
    pub answer_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            tokens: 2_000,
            nesting: 50,
            depth: 15,
            introspection_depth: 20,
            introspection_objects: 80_000,
            aliases: 30,
            root_fields: 20,
            directives: 30,
            variables_depth: 32,
            variables_values: 5_000,
            request_memory_bytes: 64 * 1024 * 1024,
            errors: 10,
            answer_bytes: 8 * 1024 * 1024,
            execution_seconds: 10,
            concurrent_requests: 200,
            concurrent_exports: 16,
            cost_per_request: 5_000,
            cost_bucket: 20_000,
            cost_restore: 1_000,
            cost_plain_list: 10,
            document_cache_bytes: 32 * 1024 * 1024,
            unknown_tokens_per_minute: 30,
            connections: 2_000,
            connections_per_address: 500,
            header_seconds: 15,
            body_seconds: 10,
            answer_seconds: 30,
        }
    }
}

impl Limits {
    /// Every limit with its key and the largest value that the server bears.
    fn bounds(&self) -> [(&'static str, u64, u64); 28] {
        [
            ("limits.body_bytes", self.body_bytes, 64 * 1024 * 1024),
            ("limits.tokens", self.tokens, 20_000),
            // The parser and everything after it recurse; a deeper document would not fit a thread's stack.
            ("limits.nesting", self.nesting, 100),
            // The GraphQL library refuses more than 32 levels, fragments included.
            ("limits.depth", self.depth, 30),
            ("limits.introspection_depth", self.introspection_depth, 30),
            ("limits.introspection_objects", self.introspection_objects, 10_000_000),
            ("limits.aliases", self.aliases, 10_000),
            ("limits.root_fields", self.root_fields, 10_000),
            ("limits.directives", self.directives, 10_000),
            // The JSON library refuses more than 128.
            ("limits.variables_depth", self.variables_depth, 120),
            ("limits.variables_values", self.variables_values, 1_000_000),
            ("limits.request_memory_bytes", self.request_memory_bytes, 1 << 31),
            ("limits.errors", self.errors, 1_000),
            ("limits.answer_bytes", self.answer_bytes, 1 << 30),
            ("limits.execution_seconds", self.execution_seconds, 600),
            ("limits.concurrent_requests", self.concurrent_requests, 100_000),
            ("limits.concurrent_exports", self.concurrent_exports, 10_000),
            ("limits.cost_per_request", self.cost_per_request, 1_000_000_000),
            ("limits.cost_bucket", self.cost_bucket, 1_000_000_000),
            ("limits.cost_restore", self.cost_restore, 1_000_000_000),
            ("limits.cost_plain_list", self.cost_plain_list, 1_000),
            ("limits.document_cache_bytes", self.document_cache_bytes, 1 << 32),
            ("limits.unknown_tokens_per_minute", self.unknown_tokens_per_minute, 1_000_000),
            ("limits.connections", self.connections, 1_000_000),
            ("limits.connections_per_address", self.connections_per_address, 1_000_000),
            ("limits.header_seconds", self.header_seconds, 3_600),
            ("limits.body_seconds", self.body_seconds, 3_600),
            ("limits.answer_seconds", self.answer_seconds, 3_600),
        ]
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, value, largest) in self.bounds() {
            if !(1..=largest).contains(&value) {
                let problem = format!("must lie between 1 and {largest}");
                return Err(ConfigError::Invalid { key, problem });
            }
        }
        if self.cost_per_request > self.cost_bucket {
            let problem = "must not exceed limits.cost_bucket: such a request could never be paid".to_owned();
            return Err(ConfigError::Invalid { key: "limits.cost_per_request", problem });
        }
        Ok(())
    }
}
