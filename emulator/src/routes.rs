//! The table of operations: what is emulated, what is known but not emulated, and how a path finds its operation.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use matchit::Router;

use crate::auth::{Context, Need};
use crate::engine::spec::Resource;
use crate::engine::{list, upsert, write};
use crate::envelope::Reply;
use crate::error::{ApiError, Code};
use crate::product::Product;
use crate::request::Call;
use crate::resource;

/// Which roots an operation is served under.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Served {
    /// Under each of these apps' roots.
    By(&'static [Product]),
    /// Under `/integration/v1`, which belongs to no app.
    ByIntegration,
}

/// Books and what repeats it.
pub(crate) const BOOKS: Served = Served::By(&[Product::Books, Product::Erp]);
/// Books, what repeats it, and Invoice, its subset.
pub(crate) const BOOKS_AND_INVOICE: Served = Served::By(&[Product::Books, Product::Erp, Product::Invoice]);
/// Billing alone.
pub(crate) const BILLING: Served = Served::By(&[Product::Billing]);
/// Expense alone.
pub(crate) const EXPENSE: Served = Served::By(&[Product::Expense]);

/// How much of an operation is emulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coverage {
    Full,
    /// What is missing, as a sentence.
    Partial(&'static str),
    /// Known and answered 501 with its name; and why it is not emulated.
    Missing(&'static str),
}

type Act = fn(&Context<'_>, &Call, &dyn Resource) -> Result<Reply, ApiError>;

/// What answers a call. The common calls of a resource are told apart, because their documentation follows from the
/// resource's description.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    Plain(fn(&Context<'_>, &Call) -> Result<Reply, ApiError>),
    Of(&'static dyn Resource, Act),
    List(&'static dyn Resource),
    Create(&'static dyn Resource),
    Read(&'static dyn Resource),
    Update(&'static dyn Resource),
    Delete(&'static dyn Resource),
    DeleteMany(&'static dyn Resource),
    Upsert(&'static dyn Resource),
    Missing,
}

/// One operation. `*` in the path stands for an id.
pub(crate) struct Operation {
    pub(crate) served: Served,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) need: Option<Need>,
    /// Whether an organization must be selected.
    pub(crate) scoped: bool,
    /// What it does, as a short sentence without a stop.
    pub(crate) name: &'static str,
    pub(crate) coverage: Coverage,
    pub(crate) handler: Handler,
}

/// An operation that needs the scope `<module>.<operation>` and an organization.
pub(crate) const fn op(
    served: Served,
    method: &'static str,
    path: &'static str,
    need: Need,
    name: &'static str,
    handler: Handler,
) -> Operation {
    Operation {
        served,
        method,
        path,
        need: Some(need),
        scoped: true,
        name,
        coverage: Coverage::Full,
        handler,
    }
}

/// A known operation that is not emulated; [`Operation::because`] says why.
pub(crate) const fn missing(
    served: Served,
    method: &'static str,
    path: &'static str,
    need: Need,
    name: &'static str,
) -> Operation {
    let mut operation = op(served, method, path, need, name, Handler::Missing);
    operation.coverage = Coverage::Missing("");
    operation
}

impl Operation {
    /// The same without an organization.
    pub(crate) const fn unscoped(mut self) -> Self {
        self.scoped = false;
        self
    }

    /// The same without a scope.
    pub(crate) const fn open(mut self) -> Self {
        self.need = None;
        self
    }

    /// The same, saying what of it is missing.
    pub(crate) const fn partial(mut self, missing: &'static str) -> Self {
        self.coverage = Coverage::Partial(missing);
        self
    }

    /// The same, saying why it is not emulated.
    pub(crate) const fn because(mut self, reason: &'static str) -> Self {
        self.coverage = Coverage::Missing(reason);
        self
    }

    /// Answers a call.
    pub(crate) fn answer(&self, context: &Context<'_>, call: &Call) -> Result<Reply, ApiError> {
        match self.handler {
            Handler::Plain(act) => act(context, call),
            Handler::Of(resource, act) => act(context, call, resource),
            Handler::List(resource) => list::list(context, call, resource),
            Handler::Create(resource) => write::create(context, call, resource),
            Handler::Read(resource) => write::read(context, call, resource),
            Handler::Update(resource) => write::update(context, call, resource),
            Handler::Delete(resource) => write::delete(context, call, resource),
            Handler::DeleteMany(resource) => write::delete_many(context, call, resource),
            Handler::Upsert(resource) => upsert::upsert(context, call, resource),
            Handler::Missing => Err(ApiError::about(Code::NotEmulated, self.name)),
        }
    }
}

/// `GET /x` of a resource.
pub(crate) const fn lists(resource: &'static dyn Resource) -> Handler {
    Handler::List(resource)
}

/// `POST /x` of a resource.
pub(crate) const fn creates(resource: &'static dyn Resource) -> Handler {
    Handler::Create(resource)
}

/// `GET /x/{id}` of a resource.
pub(crate) const fn reads(resource: &'static dyn Resource) -> Handler {
    Handler::Read(resource)
}

/// `PUT /x/{id}` of a resource.
pub(crate) const fn updates(resource: &'static dyn Resource) -> Handler {
    Handler::Update(resource)
}

/// `DELETE /x/{id}` of a resource.
pub(crate) const fn deletes(resource: &'static dyn Resource) -> Handler {
    Handler::Delete(resource)
}

/// `DELETE /x?ids=` of a resource.
pub(crate) const fn deletes_many(resource: &'static dyn Resource) -> Handler {
    Handler::DeleteMany(resource)
}

/// `PUT /x` of a resource, by a unique custom field.
pub(crate) const fn upserts(resource: &'static dyn Resource) -> Handler {
    Handler::Upsert(resource)
}

/// What a path and method lead to.
pub(crate) enum Target {
    /// The operation, the app it was called in, and the ids of its path.
    Operation(&'static Operation, Option<Product>, Vec<String>),
    ZscExchange,
    Authorize,
    Token,
    Revoke,
    Refused(ApiError),
}

const INTEGRATION: &str = "integration/v1";

/// A call that stands in no table of operations, because it is answered before a token is asked for.
pub(crate) struct Outside {
    pub(crate) method: &'static str,
    pub(crate) root: &'static str,
    pub(crate) path: &'static str,
    /// What it does, as a short sentence without a stop.
    pub(crate) name: &'static str,
    target: fn() -> Target,
}

/// Those calls.
pub(crate) static OUTSIDE: [Outside; 5] = [
    outside("GET", "oauth/v2", "auth", "Ask a user for consent", || Target::Authorize),
    outside("POST", "oauth/v2", "auth", "Answer the question for consent", || Target::Authorize),
    outside("POST", "oauth/v2", "token", "Get an access token", || Target::Token),
    outside("POST", "oauth/v2", "token/revoke", "Revoke a token", || Target::Revoke),
    outside("POST", INTEGRATION, "zsc/exchange", "Exchange a ZSC key for a token", || Target::ZscExchange),
];

const fn outside(
    method: &'static str,
    root: &'static str,
    path: &'static str,
    name: &'static str,
    target: fn() -> Target,
) -> Outside {
    Outside { method, root, path, name, target }
}

/// Every operation, with the roots it is served under.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    resource::OPERATIONS.iter().chain(resource::unbuilt::INVENTORY).flat_map(|table| table.iter())
}

/// A call that the vendor's descriptions name, whether or not the emulator answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Known {
    pub(crate) product: Product,
    pub(crate) path: &'static str,
    pub(crate) method: &'static str,
}

/// The calls that the vendor's descriptions name. ERP repeats those of Books.
pub(crate) fn known() -> impl Iterator<Item = Known> {
    let lines = include_str!("../known-operations.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| {
        let mut words = line.split(' ');
        let (app, method, path) = (words.next(), words.next(), words.next());
        let products: &[Product] = match app {
            Some("books") => &[Product::Books, Product::Erp],
            Some("billing") => &[Product::Billing],
            _ => &[],
        };
        let call = method.zip(path);
        products.iter().filter_map(move |product| {
            let (method, path) = call?;
            Some(Known { product: *product, path, method })
        })
    })
}

/// What stands at one method of one path.
#[derive(Clone, Copy)]
enum Place {
    Operation(&'static Operation, Option<Product>),
    /// Known and not emulated.
    Known(Known),
}

type Methods = BTreeMap<&'static str, Place>;

/// Full path to methods. Literal segments win over ids.
static PATHS: LazyLock<Router<Methods>> = LazyLock::new(|| {
    let mut table: BTreeMap<String, Methods> = BTreeMap::new();
    for operation in operations() {
        let mut add = |root: &str, product| {
            let path = pattern(&format!("{root}/{}", operation.path));
            let methods = table.entry(path).or_default();
            methods.entry(operation.method).or_insert(Place::Operation(operation, product));
            // HEAD is harmless wherever GET is common.
            if operation.method == "GET" {
                methods.entry("HEAD").or_insert(Place::Operation(operation, product));
            }
        };
        match operation.served {
            Served::By(products) => products.iter().for_each(|it| add(it.root(), Some(*it))),
            Served::ByIntegration => add(INTEGRATION, None),
        }
    }
    for known in known() {
        let path = pattern(&format!("{}/{}", known.product.root(), known.path));
        table.entry(path).or_default().entry(known.method).or_insert(Place::Known(known));
    }
    let mut router = Router::new();
    for (path, methods) in table {
        if let Err(error) = router.insert(&path, methods) {
            // A test walks every operation, so a path that cannot be routed never leaves this repository.
            tracing::error!(%error, path, "an operation cannot be routed");
        }
    }
    router
});

/// The path for people: ids in braces.
pub(crate) fn shown(path: &str) -> String {
    path.replace('*', "{id}")
}

/// `a/*/b/*` as the router writes it.
fn pattern(path: &str) -> String {
    let mut count = 0;
    let segments = path.split('/').map(|segment| {
        if segment == "*" {
            count += 1;
            format!("{{id{count}}}")
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Finds the target of a call. A wrong method on a known path is code 37, an unknown path code 5.
pub(crate) fn find(method: &str, path: &str) -> Target {
    let is = |it: &&Outside| {
        path.strip_prefix(it.root).and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| rest == it.path)
    };
    let mut outside = OUTSIDE.iter().filter(is).peekable();
    if outside.peek().is_some() {
        let found = outside.find(|it| it.method == method);
        return found.map_or_else(|| Target::Refused(Code::MethodNotAllowed.into()), |it| (it.target)());
    }
    let under =
        |root: &str| path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    match PATHS.at(path) {
        Ok(found) => match found.value.get(method) {
            Some(Place::Operation(operation, product)) => {
                let ids = found.params.iter().map(|(_, id)| id.to_owned()).collect();
                Target::Operation(operation, *product, ids)
            }
            Some(Place::Known(known)) => {
                let name = format!("{} /{}/{}", known.method, known.product.root(), shown(known.path));
                Target::Refused(ApiError::about(Code::NotEmulated, &name))
            }
            None => Target::Refused(Code::MethodNotAllowed.into()),
        },
        Err(_) if under("inventory/v1") => {
            Target::Refused(ApiError::about(Code::NotEmulated, "Zoho Inventory v1"))
        }
        Err(_) => Target::Refused(Code::InvalidUrl.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each operation is found at its own path, under each of its roots.
    #[test]
    fn every_operation_is_routed_to_itself() {
        for operation in operations() {
            let path = operation.path.replace('*', "1");
            let roots: Vec<&str> = match operation.served {
                Served::By(products) => products.iter().map(|it| it.root()).collect(),
                Served::ByIntegration => vec![INTEGRATION],
            };
            for root in roots {
                let found = find(operation.method, &format!("{root}/{path}"));
                let Target::Operation(found, _, ids) = found else { panic!("{root}/{path} leads nowhere") };
                assert!(
                    std::ptr::eq(found, operation),
                    "{} {root}/{path} leads to {}",
                    operation.method,
                    found.name
                );
                assert_eq!(ids.len(), operation.path.matches('*').count());
            }
        }
    }
}
