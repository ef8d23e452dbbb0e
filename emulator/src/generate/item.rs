//! Goods and services.

use rand::Rng;
use rand::rngs::StdRng;
use rust_decimal::Decimal;

use super::{percent, pick, under_free_name};
use crate::engine::desk::Desk;
use crate::engine::spec::Resource;
use crate::error::ApiError;
use crate::json::{Json, round_money};

const QUALITIES: [&str; 24] = [
    "Brass",
    "Steel",
    "Oak",
    "Galvanised",
    "Stainless",
    "Recycled",
    "Insulated",
    "Portable",
    "Heavy-duty",
    "Compact",
    "Adjustable",
    "Waterproof",
    "Ceramic",
    "Carbon",
    "Rubber",
    "Laminated",
    "Organic",
    "Premium",
    "Wireless",
    "Foldable",
    "Magnetic",
    "Threaded",
    "Welded",
    "Tempered",
];
const THINGS: [&str; 24] = [
    "hinge", "bolt", "desk", "cable", "valve", "lamp", "pallet", "bracket", "filter", "bearing", "pump",
    "hose", "cabinet", "sensor", "gasket", "panel", "tile", "charger", "keyboard", "scale", "ladder",
    "glove", "drill", "crate",
];
const SIZES: [&str; 12] =
    ["S", "M", "L", "XL", "10 mm", "16 mm", "25 mm", "40 mm", "1 m", "2 m", "5 kg", "12 V"];
const SERVICES: [&str; 12] = [
    "Consulting",
    "Installation",
    "Maintenance",
    "Training",
    "Inspection",
    "Translation",
    "Courier",
    "Repair",
    "Calibration",
    "Cleaning",
    "Support",
    "Hosting",
];
const LEVELS: [&str; 8] =
    ["basic", "standard", "advanced", "on site", "remote", "weekend", "night", "yearly"];
const UNITS: [&str; 6] = ["pcs", "box", "kg", "m", "set", "pair"];

/// Creates one item and gives back its id.
pub(super) fn create(
    desk: &mut Desk<'_>,
    resource: &dyn Resource,
    chance: &mut StdRng,
    serial: u64,
) -> Result<u64, ApiError> {
    let service = percent(chance, 20);
    let name = if service {
        format!("{}, {}", pick(chance, &SERVICES), pick(chance, &LEVELS))
    } else {
        format!("{} {} {}", pick(chance, &QUALITIES), pick(chance, &THINGS), pick(chance, &SIZES))
    };
    let unit = if service { "h" } else { pick(chance, &UNITS) };
    let bought = !service && percent(chance, 50);
    let rate = Decimal::new(chance.random_range(50..250_000), 2);
    let (rate, cost) =
        (round_money(rate, desk.places()), round_money(rate * Decimal::new(6, 1), desk.places()));
    under_free_name(&name, serial, |name| {
        // Ids are never used twice, so their ends make numbers that are free.
        let sku = format!("SKU-{:08}", desk.transaction.state.next_id % 100_000_000);
        let mut body = vec![
            ("name".to_owned(), name.into()),
            ("sku".to_owned(), sku.into()),
            ("rate".to_owned(), Json::amount(rate)),
            ("unit".to_owned(), unit.into()),
            ("description".to_owned(), format!("{name}, sold by the {unit}").into()),
            ("product_type".to_owned(), if service { "service" } else { "goods" }.into()),
        ];
        if bought {
            body.push(("item_type".to_owned(), "sales_and_purchases".into()));
            body.push(("purchase_rate".to_owned(), Json::amount(cost)));
        }
        desk.create(resource, &Json::Object(body)).map(|item| item.id)
    })
}
