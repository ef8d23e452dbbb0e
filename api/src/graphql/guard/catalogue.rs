//! The schema as the guard needs it: read once from the schema's own definition. Only what a definition cannot tell stands
//! here by name: how many items the services let some lists without pages have, in `most`.

use std::collections::{HashMap, HashSet};

use async_graphql::Name;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, OperationType, Type, TypeKind, TypeSystemDefinition,
};
use async_graphql::parser::{Error, parse_schema};
use async_graphql_value::ConstValue;
use finbridge_sync::users::MOST_FAILURES;

use crate::service::{failures, page, party_search, product, tag, token};

/// The types that every schema has and no export tells.
const INTROSPECTION: &str = include_str!("introspection.graphql");

/// Every type that a selection can stand on.
#[derive(Debug)]
pub struct Catalogue {
    types: HashMap<Name, Composite>,
    roots: [Option<Name>; 3],
}

/// An object type, interface or union.
#[derive(Debug)]
pub struct Composite {
    fields: HashMap<Name, Field>,
    /// Itself, for an object; whatever object it may be, for an interface or union.
    objects: HashSet<Name>,
    is_object: bool,
    is_connection: bool,
}

/// A field of a type.
#[derive(Debug)]
pub struct Field {
    /// Its type.
    pub ty: Type,
    /// How many items its lists have.
    pub size: Size,
}

/// How many items a field's list has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Size {
    /// No list of objects, and no page of one.
    One,
    /// As many as `first` or `last` say, or so many when neither is given.
    Page {
        /// The schema's default value of `first`.
        default: Option<u64>,
    },
    /// As many as the page that the object is.
    OfPage,
    /// As many as this argument, a list of ids, has.
    Argument(Name),
    /// As many as the service lets a list have that comes without pages.
    AtMost(u64),
    /// Few, and not known: any other plain list.
    Plain,
    /// The branches of a tree, which has a type with a plain list of itself: few, and few in all.
    Branches,
    /// About so many: lists of introspection.
    About(u64),
}

impl Catalogue {
    /// Reads the schema.
    ///
    /// # Errors
    /// When it is not in the schema definition language.
    pub fn read(sdl: &str) -> Result<Self, Error> {
        let mut definitions = parse_schema(sdl)?.definitions;
        definitions.extend(parse_schema(INTROSPECTION)?.definitions);
        let averages = averages(&definitions);
        let mut types = HashMap::new();
        let mut implementors: HashMap<Name, HashSet<Name>> = HashMap::new();
        let mut names = ["Query", "Mutation", "Subscription"].map(|name| Some(Name::new(name)));
        for definition in &definitions {
            let definition = match definition {
                TypeSystemDefinition::Type(definition) => &definition.node,
                TypeSystemDefinition::Schema(schema) => {
                    let schema = &schema.node;
                    names = [&schema.query, &schema.mutation, &schema.subscription]
                        .map(|name| name.as_ref().map(|name| name.node.clone()));
                    continue;
                }
                TypeSystemDefinition::Directive(_) => continue,
            };
            let name = definition.name.node.clone();
            let (fields, is_object) = match &definition.kind {
                TypeKind::Object(object) => {
                    for interface in &object.implements {
                        implementors.entry(interface.node.clone()).or_default().insert(name.clone());
                    }
                    (object.fields.as_slice(), true)
                }
                TypeKind::Interface(interface) => (interface.fields.as_slice(), false),
                TypeKind::Union(union) => {
                    let members = union.members.iter().map(|member| member.node.clone());
                    implementors.entry(name.clone()).or_default().extend(members);
                    (&[][..], false)
                }
                TypeKind::Scalar | TypeKind::Enum(_) | TypeKind::InputObject(_) => continue,
            };
            let fields = fields.iter().map(|field| (field.node.name.node.clone(), field_of(&field.node)));
            let fields: HashMap<_, _> = fields.collect();
            let is_connection = fields.contains_key("pageInfo")
                && (fields.contains_key("nodes") || fields.contains_key("edges"));
            let objects = HashSet::from_iter(is_object.then(|| name.clone()));
            types.insert(name, Composite { fields, objects, is_object, is_connection });
        }
        for (name, objects) in implementors {
            if let Some(abstract_type) = types.get_mut(&name) {
                abstract_type.objects.extend(objects);
            }
        }
        let mut catalogue = Self { types, roots: names };
        catalogue.add_introspection();
        catalogue.size_lists(&averages);
        Ok(catalogue)
    }

    /// The query root has two fields more than its definition says.
    fn add_introspection(&mut self) {
        let Some(query) = self.roots[0].clone().and_then(|name| self.types.get_mut(&name)) else { return };
        for (name, ty) in [("__schema", "__Schema!"), ("__type", "__Type")] {
            if let Some(ty) = Type::new(ty) {
                query.fields.insert(Name::new(name), Field { ty, size: Size::One });
            }
        }
    }

    /// Only now is it known which types are connections and which are leaves.
    fn size_lists(&mut self, averages: &HashMap<&'static str, u64>) {
        let connections: HashSet<Name> =
            self.types.iter().filter(|(_, ty)| ty.is_connection).map(|(name, _)| name.clone()).collect();
        let composites: HashSet<Name> = self.types.keys().cloned().collect();
        for (name, ty) in &mut self.types {
            let introspection = name.starts_with("__");
            let is_own = |field: &Field| named(&field.ty) == name;
            let is_tree = !introspection
                && ty.fields.values().any(|field| {
                    field.size == Size::Plain && matches!(field.ty.base, BaseType::List(_)) && is_own(field)
                });
            for (field_name, field) in &mut ty.fields {
                let base = named(&field.ty);
                let is_list = matches!(field.ty.base, BaseType::List(_));
                if is_tree && is_own(field) {
                    field.size = Size::Branches;
                } else if connections.contains(base) && !is_list {
                    if !matches!(field.size, Size::Page { .. }) {
                        field.size = Size::Page { default: None };
                    }
                } else if !is_list || !composites.contains(base) {
                    field.size = Size::One;
                } else if introspection {
                    field.size = Size::About(averages.get(field_name.as_str()).copied().unwrap_or(1));
                } else if ty.is_connection {
                    field.size = Size::OfPage;
                } else if let (Size::Plain, Some(most)) = (&field.size, most(name, field_name)) {
                    field.size = Size::AtMost(most);
                }
            }
        }
    }

    /// The root type of an operation.
    pub fn root(&self, operation: OperationType) -> Option<&Name> {
        match operation {
            OperationType::Query => self.roots[0].as_ref(),
            OperationType::Mutation => self.roots[1].as_ref(),
            OperationType::Subscription => self.roots[2].as_ref(),
        }
    }

    /// The type of this name, unless it is a leaf or unknown.
    pub fn composite(&self, name: &str) -> Option<&Composite> {
        self.types.get(name)
    }

    /// The name of this type as the catalogue keeps it, unless it is a leaf or unknown.
    pub fn name(&self, name: &str) -> Option<&Name> {
        self.types.get_key_value(name).map(|(name, _)| name)
    }

    /// Whether an object can be of both types; not where one of them is a leaf or unknown.
    pub fn meet(&self, one: &str, other: &str) -> bool {
        match (self.composite(one), self.composite(other)) {
            (Some(one), Some(other)) => !one.objects.is_disjoint(&other.objects),
            _ => false,
        }
    }

    /// Whether a fragment on `condition` applies to objects of the type `object`.
    pub fn applies(&self, condition: &str, object: &str) -> bool {
        condition == object || self.composite(condition).is_some_and(|ty| ty.objects.contains(object))
    }
}

impl Composite {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    /// Whether it is an object type, so that its name is known before anything is executed.
    pub fn is_object(&self) -> bool {
        self.is_object
    }
}

/// The name within a type's lists.
pub fn named(ty: &Type) -> &Name {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named(item),
    }
}

/// What the arguments say about the size of a list; whether the field is a list is looked at later.
fn field_of(field: &FieldDefinition) -> Field {
    let argument = |name: &str| field.arguments.iter().find(|argument| argument.node.name.node == name);
    let is_ids = |ty: &Type| matches!(ty.base, BaseType::List(_)) && named(ty) == "ID";
    let size = if let Some(first) = argument("first").or_else(|| argument("last")) {
        let default = first.node.default_value.as_ref().and_then(|value| number(&value.node));
        Size::Page { default }
    } else if let Some(list) = field.arguments.iter().find(|argument| is_ids(&argument.node.ty.node)) {
        Size::Argument(list.node.name.node.clone())
    } else {
        Size::Plain
    };
    Field { ty: field.ty.node.clone(), size }
}

/// How many items the service lets a list have that comes without pages. Lists whose length is the organization's choice,
/// such as its custom fields and views, are short nearly everywhere, and stay estimates: at their longest, every query for
/// a page of records would look too dear.
fn most(ty: &str, field: &str) -> Option<u64> {
    match (ty, field) {
        // A deal may have 100, and seldom has more than a few: a page of 50 deals with their products must stay within the
        // limit of a request. What lines are more than this is paid for afterwards.
        ("Deal", "lines") => Some(40),
        // The same with the lines of documents.
        ("Transaction", "lines") => Some(40),
        ("Product", "prices") => Some(product::MOST_PRICES as u64),
        // 50 of each are possible; nobody has both.
        ("Pipeline", "stages") | ("Query", "pipelines") => Some(20),
        ("Query", "apiTokens") => Some(token::MOST),
        ("SyncRun", "failures") => Some(failures::MOST_GROUPS),
        ("SyncRunFailureGroup", "examples") => Some(failures::EXAMPLES),
        ("SyncRunCrmUsers", "failures") => Some(MOST_FAILURES as u64),
        // About so many fields are mapped; what lines are more than this is paid for afterwards.
        ("ExternalReference", "lineage") => Some(25),
        ("PartyHit", "contacts") => Some(party_search::CONTACTS),
        (_, "tags") => Some(tag::MOST as u64),
        (_, "results") => Some(page::LARGEST),
        _ => None,
    }
}

/// A whole number that is not negative.
pub fn number(value: &ConstValue) -> Option<u64> {
    match value {
        ConstValue::Number(number) => number.as_u64(),
        _ => None,
    }
}

/// How long the lists of introspection are on average in this schema, rounded up.
fn averages(definitions: &[TypeSystemDefinition]) -> HashMap<&'static str, u64> {
    let (mut types, mut directives) = (0, 0);
    let mut fields = Average::default();
    let mut arguments = Average::default();
    let mut input_fields = Average::default();
    let mut values = Average::default();
    for definition in definitions {
        match definition {
            TypeSystemDefinition::Schema(_) => {}
            TypeSystemDefinition::Directive(_) => directives += 1,
            TypeSystemDefinition::Type(definition) => {
                types += 1;
                let of_type: &[_] = match &definition.node.kind {
                    TypeKind::Object(object) => &object.fields,
                    TypeKind::Interface(interface) => &interface.fields,
                    TypeKind::InputObject(input) => {
                        input_fields.add(input.fields.len());
                        &[]
                    }
                    TypeKind::Enum(listed) => {
                        values.add(listed.values.len());
                        &[]
                    }
                    TypeKind::Scalar | TypeKind::Union(_) => &[],
                };
                // Types without fields count as well: the average is over all that a list of types has.
                fields.add(of_type.len());
                of_type.iter().for_each(|field| arguments.add(field.node.arguments.len()));
            }
        }
    }
    HashMap::from([
        ("types", types),
        // The four of the specification, which an export may leave out.
        ("directives", directives + 4),
        ("fields", fields.value()),
        ("args", arguments.value()),
        ("inputFields", input_fields.value()),
        ("enumValues", values.value()),
        // Few types implement anything, so one stands for both.
        ("interfaces", 1),
        ("possibleTypes", 1),
    ])
}

#[derive(Default)]
struct Average {
    sum: u64,
    count: u64,
}

impl Average {
    fn add(&mut self, number: usize) {
        self.sum += number as u64;
        self.count += 1;
    }

    fn value(&self) -> u64 {
        self.sum.div_ceil(self.count.max(1)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_schema_is_read_whole() {
        let catalogue = Catalogue::read(&crate::graphql::sdl()).unwrap();
        let query = catalogue.composite(catalogue.root(OperationType::Query).unwrap()).unwrap();
        let size = |name: &str| &query.field(name).unwrap().size;
        assert_eq!(*size("accounts"), Size::Page { default: None });
        assert_eq!(*size("nodes"), Size::Argument(Name::new("ids")));
        assert_eq!(*size("integrations"), Size::Plain);
        assert_eq!(*size("account"), Size::One);
        assert_eq!(*size("apiTokens"), Size::AtMost(500));
        for (name, field, most) in [
            ("Deal", "lines", 40),
            ("Account", "tags", 20),
            ("Product", "prices", 50),
            ("Pipeline", "stages", 20),
            ("SyncRun", "failures", 20),
            ("RecordsTagPayload", "results", 100),
            ("DealBulkCreatePayload", "results", 100),
        ] {
            let ty = catalogue.composite(name).unwrap();
            assert_eq!(ty.field(field).unwrap().size, Size::AtMost(most), "{name}.{field}");
        }
        let page = catalogue.composite("AccountConnection").unwrap();
        assert_eq!(page.field("nodes").unwrap().size, Size::OfPage);
        assert_eq!(page.field("edges").unwrap().size, Size::OfPage);
        assert_eq!(page.field("totalCount").unwrap().size, Size::One);
        // The cost of a tree is made for criteria: what else is one has to be thought about.
        let trees = catalogue
            .types
            .iter()
            .filter(|(_, ty)| ty.fields.values().any(|field| field.size == Size::Branches));
        assert_eq!(trees.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["ViewCriteria"]);
        assert!(catalogue.applies("Node", "Account") && catalogue.applies("Account", "Account"));
        assert!(
            !catalogue.applies("Contact", "Account") && !catalogue.composite("Node").unwrap().is_object()
        );
        let schema = catalogue.composite("__Schema").unwrap();
        assert!(matches!(schema.field("types").unwrap().size, Size::About(100..)));
    }
}
