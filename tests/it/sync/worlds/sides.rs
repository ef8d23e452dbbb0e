//! Both sides of a world as the test sees them: a name and two fields of each record, read and written over HTTP.

use std::collections::BTreeMap;

use finbridge_domain::NodeId;
use sea_orm::prelude::Uuid;
use serde_json::{Value, json};

use super::Stage;
use super::drawn::{Born, Shape, What};

/// What a record is, on whichever side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An account, or a customer that is a company.
    Company,
    /// A contact, or a customer that is a person.
    Individual,
    /// A contact of an account, or a contact person.
    Person,
    /// A vendor.
    Vendor,
    /// A product, or an item.
    Product,
}

impl Kind {
    /// The kind of a shape's own records; persons come along with them.
    pub fn of(shape: Shape) -> Self {
        match (shape.module, shape.crm_module) {
            ("VENDORS", _) => Self::Vendor,
            ("ITEMS", _) => Self::Product,
            (_, Some("CONTACTS")) => Self::Individual,
            _ => Self::Company,
        }
    }

    /// How links name such a finance record.
    pub fn stored(self) -> &'static str {
        match self {
            Self::Company | Self::Individual => "CUSTOMER",
            Self::Person => "CONTACT_PERSON",
            Self::Vendor => "VENDOR",
            Self::Product => "ITEM",
        }
    }

    /// The finance fields that the name and the two watched fields go to.
    pub fn fields(self) -> [&'static str; 3] {
        match self {
            Self::Company | Self::Vendor => ["displayName", "website", "billingAddress.city"],
            Self::Individual => ["displayName", "billingAddress.country", "billingAddress.city"],
            Self::Person => ["lastName", "designation", "phone"],
            Self::Product => ["name", "description", "rate"],
        }
    }

    /// Whether the name can be changed on either side.
    pub fn is_renamed(self) -> bool {
        !matches!(self, Self::Individual | Self::Person)
    }

    /// How GraphQL names one, and many.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Company => ("account", "accounts"),
            Self::Individual | Self::Person => ("contact", "contacts"),
            Self::Vendor => ("vendor", "vendors"),
            Self::Product => ("product", "products"),
        }
    }

    /// A value of the first field that no other record has.
    fn first(self, n: u32) -> String {
        match self {
            Self::Company | Self::Vendor => format!("https://w{n}.example"),
            Self::Individual => format!("Land {n}"),
            Self::Person => format!("Post {n}"),
            Self::Product => format!("Text {n}"),
        }
    }

    /// The same of the second.
    fn second(self, n: u32) -> String {
        match self {
            Self::Company | Self::Individual | Self::Vendor => format!("City {n}"),
            Self::Person => format!("+1 555 {n:04}"),
            Self::Product => n.to_string(),
        }
    }

    /// What a record holds after one of its fields got the value with this number.
    fn edited(self, held: &[String; 3], what: What, n: u32) -> [String; 3] {
        let mut held = held.clone();
        match what {
            What::Name => held[0] = format!("Renamed {n}"),
            What::First | What::Delete => held[1] = self.first(n),
            What::Second => held[2] = self.second(n),
        }
        held
    }

    /// What the CRM is told of both fields.
    fn crm_members(self, first: &str, second: &str) -> Value {
        match self {
            Self::Company => json!({ "website": first, "billingAddress": { "city": second } }),
            Self::Individual => json!({ "mailingAddress": { "country": first, "city": second } }),
            Self::Person => json!({ "title": first, "phone": second }),
            Self::Vendor => json!({ "website": first, "address": { "city": second } }),
            Self::Product => {
                json!({ "description": first, "unitPrice": { "amount": second, "currencyCode": "USD" } })
            }
        }
    }

    /// What the finance side is told of both fields.
    fn finance_members(self, first: &str, second: &str) -> Value {
        match self {
            Self::Company | Self::Vendor => {
                json!({ "website": first, "billing_address": { "city": second } })
            }
            Self::Individual => json!({ "billing_address": { "country": first, "city": second } }),
            Self::Person => json!({ "designation": first, "phone": second }),
            Self::Product => json!({ "description": first, "rate": second.parse::<u32>().unwrap() }),
        }
    }
}

/// A record as one side has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it is.
    pub kind: Kind,
    /// Its id for further calls.
    pub id: String,
    /// Its name and the two fields that are watched.
    pub held: [String; 3],
    /// Its version in the CRM; 0 on the finance side.
    pub version: i64,
    /// The CRM record that the finance side links it with.
    pub reference: Option<String>,
}

impl Seen {
    /// Whether it is a finance record that was kept as a copy: it belongs to nobody, and its name ends in a number.
    pub fn is_copy(&self) -> bool {
        self.reference.is_none() && self.held[0].ends_with(')')
    }
}

/// Everything that the CRM has.
pub type Crm = BTreeMap<Uuid, Seen>;

/// Everything that the finance side has. Ids are unique over all kinds.
pub type Finance = BTreeMap<String, Seen>;

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An amount without zeros that say nothing.
fn amount(value: &Value) -> String {
    let text = text(value);
    match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text,
    }
}

/// Puts `more` into the object `members`.
fn with(mut members: Value, more: Value) -> Value {
    if let (Value::Object(members), Value::Object(more)) = (&mut members, more) {
        members.extend(more);
    }
    members
}

impl Stage<'_> {
    fn kinds(&self) -> Vec<Kind> {
        let own = Kind::of(self.shape);
        if self.shape.has_persons() { vec![own, Kind::Person] } else { vec![own] }
    }

    /// Carries a mutation of the CRM out and returns its payload.
    async fn act(&self, kind: Kind, verb: &str, input: Value) -> Value {
        let one = kind.words().0;
        let (upper, field) = (format!("{}{}", one[..1].to_uppercase(), &one[1..]), format!("{one}{verb}"));
        let told = if verb == "Delete" { String::new() } else { format!("{one} {{ id }}") };
        let query = format!(
            "mutation($input: {upper}{verb}Input!) {{ {field}(input: $input) {{ {told} userErrors {{ code message }} }} }}"
        );
        let mut data = self.data(&query, json!({ "input": input })).await;
        let mut payload = data[field].take();
        assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
        payload[one].take()
    }

    /// Makes a record in the CRM, and a person with it where there are persons.
    pub async fn make_in_crm(&mut self, born: Born) {
        let (kind, n) = (Kind::of(self.shape), self.number());
        let (first_name, last_name) = born.names();
        let name = match kind {
            Kind::Individual => json!({ "firstName": first_name, "lastName": last_name }),
            _ => json!({ "name": format!("{first_name} {last_name}") }),
        };
        let made =
            self.act(kind, "Create", with(name, kind.crm_members(&kind.first(n), &kind.second(n)))).await;
        if self.shape.has_persons() {
            let kind = Kind::Person;
            let name =
                json!({ "firstName": format!("Crm{n}"), "lastName": "Person", "accountId": made["id"] });
            self.act(kind, "Create", with(name, kind.crm_members(&kind.first(n), &kind.second(n)))).await;
        }
    }

    /// Makes a record on the finance side, and a person with it where there are persons.
    pub async fn make_in_finance(&mut self, number: usize) {
        let (kind, n) = (Kind::of(self.shape), self.number());
        let (first_name, last_name) = Born { number, is_loud: false }.names();
        let name = format!("{first_name} {last_name}");
        let own = match kind {
            Kind::Company => json!({ "contact_name": name, "customer_sub_type": "business" }),
            Kind::Individual => json!({
                "contact_name": name, "customer_sub_type": "individual",
                "contact_persons": [{ "first_name": first_name, "last_name": last_name }],
            }),
            Kind::Vendor => json!({ "contact_name": name, "contact_type": "vendor" }),
            Kind::Product => json!({ "name": name }),
            Kind::Person => unreachable!("persons come along with customers"),
        };
        let persons = match self.shape.has_persons() {
            true => {
                let person = Kind::Person.finance_members(&Kind::Person.first(n), &Kind::Person.second(n));
                let name = json!({ "first_name": format!("Finance{n}"), "last_name": "Person" });
                json!({ "contact_persons": [with(name, person)] })
            }
            false => json!({}),
        };
        let body = with(with(own, kind.finance_members(&kind.first(n), &kind.second(n))), persons);
        let list = if kind == Kind::Product { "/items" } else { "/contacts" };
        let answer = self.world.books("POST", list, Some(body)).await;
        assert_eq!(answer["code"], 0, "{answer:#}");
    }

    /// Gives one field of a record in the CRM a value that nothing else has, and says what the record then holds.
    pub async fn edit_in_crm(&mut self, seen: &Seen, what: What) -> [String; 3] {
        let kind = seen.kind;
        let held = kind.edited(&seen.held, what, self.number());
        let [name, first, second] = &held;
        let members = match what {
            What::Name => json!({ "name": name }),
            _ => kind.crm_members(first, second),
        };
        self.act(kind, "Update", with(json!({ "id": seen.id }), members)).await;
        held
    }

    /// Deletes a record of the CRM.
    pub async fn delete_in_crm(&self, seen: &Seen) {
        self.act(seen.kind, "Delete", json!({ "id": seen.id })).await;
    }

    /// Gives one field of a record on the finance side a value that nothing else has, and says what the record then holds.
    pub async fn edit_in_finance(&mut self, seen: &Seen, what: What) -> [String; 3] {
        let kind = seen.kind;
        let held = kind.edited(&seen.held, what, self.number());
        let [name, first, second] = &held;
        let members = match (what, kind) {
            (What::Name, Kind::Product) => json!({ "name": name }),
            (What::Name, _) => json!({ "contact_name": name }),
            _ => kind.finance_members(first, second),
        };
        let path = match kind {
            Kind::Person => format!("/contacts/contactpersons/{}", seen.id),
            Kind::Product => format!("/items/{}", seen.id),
            _ => format!("/contacts/{}", seen.id),
        };
        let answer = self.world.books("PUT", &path, Some(members)).await;
        assert_eq!(answer["code"], 0, "{answer:#}");
        held
    }

    /// Everything that the CRM has.
    pub async fn crm(&self) -> Crm {
        let mut all = Crm::new();
        for kind in self.kinds() {
            let many = kind.words().1;
            let fields = match kind {
                Kind::Company => "website billingAddress { city }",
                Kind::Individual => "mailingAddress { country city }",
                Kind::Person => "title phone",
                Kind::Vendor => "website address { city }",
                Kind::Product => "description unitPrice { amount }",
            };
            let query = format!("{{ {many}(first: 100) {{ nodes {{ id version name {fields} }} }} }}");
            let data = self.data(&query, json!({})).await;
            for node in data[many]["nodes"].as_array().unwrap() {
                let (first, second) = match kind {
                    Kind::Company => (text(&node["website"]), text(&node["billingAddress"]["city"])),
                    Kind::Individual => {
                        (text(&node["mailingAddress"]["country"]), text(&node["mailingAddress"]["city"]))
                    }
                    Kind::Person => (text(&node["title"]), text(&node["phone"])),
                    Kind::Vendor => (text(&node["website"]), text(&node["address"]["city"])),
                    Kind::Product => (text(&node["description"]), amount(&node["unitPrice"]["amount"])),
                };
                let id = text(&node["id"]);
                let uuid = id.parse::<NodeId>().unwrap().uuid;
                let version = node["version"].as_i64().unwrap();
                let held = [text(&node["name"]), first, second];
                all.insert(uuid, Seen { kind, id, held, version, reference: None });
            }
        }
        all
    }

    async fn read(&self, token: &str, path: &str) -> Value {
        let request = self.world.http().get(format!("{}/books/v3{path}", self.world.emulator.url()));
        let request = request.header("Authorization", format!("Zoho-oauthtoken {token}"));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Everything that the finance side has.
    pub async fn finance(&self) -> Finance {
        let kind = Kind::of(self.shape);
        let (path, many, one) = if kind == Kind::Product {
            ("items", "items", "item")
        } else {
            ("contacts", "contacts", "contact")
        };
        let token = self.world.books_token().await;
        let list = self.read(&token, &format!("/{path}?per_page=200")).await;
        let mut all = Finance::new();
        for row in list[many].as_array().unwrap() {
            let id = text(&row[format!("{one}_id")]);
            let answer = self.read(&token, &format!("/{path}/{id}")).await;
            let record = &answer[one];
            let address = &record["billing_address"];
            let (name, first, second) = match kind {
                Kind::Individual => ("contact_name", text(&address["country"]), text(&address["city"])),
                Kind::Product => ("name", text(&record["description"]), amount(&record["rate"])),
                _ => ("contact_name", text(&record["website"]), text(&address["city"])),
            };
            let members = ["zcrm_account_id", "zcrm_contact_id", "zcrm_vendor_id", "zcrm_product_id"];
            let reference = members.iter().map(|member| text(&record[*member])).find(|id| !id.is_empty());
            let held = [text(&record[name]), first, second];
            let seen = Seen { kind, id: id.clone(), held, version: 0, reference };
            // A copy's persons are its own affair.
            let has_persons = self.shape.has_persons() && !seen.is_copy();
            all.insert(id, seen);
            if has_persons {
                for person in record["contact_persons"].as_array().into_iter().flatten() {
                    let id = text(&person["contact_person_id"]);
                    let name = format!("{} {}", text(&person["first_name"]), text(&person["last_name"]));
                    let held = [name, text(&person["designation"]), text(&person["phone"])];
                    let reference = Some(text(&person["zcrm_contact_id"])).filter(|id| !id.is_empty());
                    all.insert(id.clone(), Seen { kind: Kind::Person, id, held, version: 0, reference });
                }
            }
        }
        all
    }
}
