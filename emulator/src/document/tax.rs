//! Taxes on one amount, alone or in groups, on top of it or extracted from it.

use rust_decimal::Decimal;

use crate::json::{Json, round_money};
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;

const HUNDRED: Decimal = rust_decimal::dec!(100);

/// One simple or compound tax with its percentage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Component {
    pub(crate) tax_id: u64,
    pub(crate) name: String,
    pub(crate) percentage: Decimal,
    /// Computed on the amount with the simple taxes on top.
    pub(crate) compound: bool,
}

/// The components of a tax: itself, or the members of a group, compound ones last.
pub(crate) fn components(books: &Books, tax: &Record) -> Vec<Component> {
    let one = |tax: &Record| Component {
        tax_id: tax.id,
        name: tax.text("tax_name").to_owned(),
        percentage: tax.decimal("tax_percentage"),
        compound: tax.text("tax_type") == "compound_tax",
    };
    if tax.text("tax_type") != "tax_group" {
        return vec![one(tax)];
    }
    let ids = tax.list("taxes").iter().filter_map(|entry| entry.get("tax_id")?.as_id_text()?.parse().ok());
    let mut members: Vec<Component> =
        ids.filter_map(|id: u64| books.record(Kind::Tax, id)).map(|tax| one(tax)).collect();
    members.sort_by_key(|component| component.compound);
    members
}

/// The tax of each component on a net `amount`, each rounded half up to `places`.
pub(crate) fn on(components: &[Component], amount: Decimal, places: u32) -> Vec<Decimal> {
    let mut simple = Decimal::ZERO;
    let mut taxes = Vec::with_capacity(components.len());
    for component in components {
        let base = if component.compound { amount + simple } else { amount };
        let tax = round_money(base * component.percentage / HUNDRED, places);
        if !component.compound {
            simple += tax;
        }
        taxes.push(tax);
    }
    taxes
}

/// The taxes contained in a gross `amount`. Together they are exactly what the amount holds above its net; the last
/// component bears the rounding.
pub(crate) fn within(components: &[Component], amount: Decimal, places: u32) -> Vec<Decimal> {
    let simple: Decimal = components.iter().filter(|it| !it.compound).map(|it| it.percentage / HUNDRED).sum();
    let compound: Decimal =
        components.iter().filter(|it| it.compound).map(|it| it.percentage / HUNDRED).sum();
    let factor = (Decimal::ONE + simple) * (Decimal::ONE + compound);
    if factor <= Decimal::ZERO {
        return vec![Decimal::ZERO; components.len()];
    }
    let net = amount / factor;
    let whole = amount - round_money(net, places);
    let mut left = whole;
    let mut taxes: Vec<Decimal> = components
        .iter()
        .map(|component| {
            let base = if component.compound { net * (Decimal::ONE + simple) } else { net };
            let tax = round_money(base * component.percentage / HUNDRED, places);
            left -= tax;
            tax
        })
        .collect();
    if let Some(last) = taxes.last_mut() {
        *last += left;
    }
    taxes
}

/// `{tax_id, tax_name, tax_amount}` of each component.
pub(crate) fn shown(components: &[Component], amounts: &[Decimal]) -> Vec<Json> {
    let pairs = components.iter().zip(amounts);
    pairs
        .map(|(component, amount)| {
            Json::object([
                ("tax_id", Json::id(component.tax_id)),
                ("tax_name", component.name.as_str().into()),
                ("tax_amount", Json::amount(*amount)),
            ])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    fn component(percentage: Decimal, compound: bool) -> Component {
        Component { tax_id: 1, name: String::new(), percentage, compound }
    }

    #[test]
    fn a_compound_tax_bears_on_the_simple_ones() {
        let taxes = [component(dec!(10), false), component(dec!(5), true)];
        assert_eq!(on(&taxes, dec!(100), 2), [dec!(10.00), dec!(5.50)]);
    }

    #[test]
    fn extracted_taxes_and_the_net_make_the_gross_to_the_last_cent() {
        let taxes = [component(dec!(9), false), component(dec!(9), false)];
        let within = within(&taxes, dec!(100), 2);
        assert_eq!(within.iter().sum::<Decimal>(), dec!(15.25));
        assert_eq!(round_money(dec!(100) / dec!(1.18), 2), dec!(84.75));
    }
}
