//! Who buys: 90 shops in 19 countries.

use crate::atlas::{COUNTRIES, Country};
use crate::random::Draw;
use std::sync::Arc;

/// A customer as every one of its order lines shows it. Empty text stands for "not known".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    pub name: &'static str,
    pub phone: String,
    pub address_line_1: String,
    pub address_line_2: String,
    pub city: &'static str,
    pub state: &'static str,
    pub postal_code: &'static str,
    pub country: &'static str,
    pub territory: &'static str,
    pub contact_last_name: &'static str,
    pub contact_first_name: &'static str,
    /// How often it orders, against the others.
    pub(crate) appetite: u32,
}

const SECOND_LINES: [&str; 6] = [
    "Floor #",
    "Unit 1#",
    "Suite #0#",
    "Dock #, Gate B",
    "2nd floor",
    "c/o Goods Inwards",
];

pub(crate) fn invent(draw: &mut Draw) -> Vec<Arc<Customer>> {
    let mut customers = Vec::new();
    for country in &COUNTRIES {
        let mut people: Vec<_> = country.last_names.iter().collect();
        draw.shuffle(&mut people);
        for (index, name) in country.shops.iter().enumerate() {
            let last_name = people[index % people.len()];
            customers.push(Arc::new(customer(draw, country, name, last_name)));
        }
    }
    customers
}

fn customer(
    draw: &mut Draw,
    country: &Country,
    name: &'static str,
    contact_last_name: &'static str,
) -> Customer {
    let (city, state, postal_code) = *draw.pick(country.cities);
    let street = *draw.pick(country.streets);
    let number = draw.between(2, 189).to_string();
    let address_line_2 = if draw.chance(15) {
        let pattern = *draw.pick(&SECOND_LINES);
        draw.digits(pattern)
    } else {
        String::new()
    };
    Customer {
        name,
        phone: draw.digits(country.phone),
        address_line_1: street.replace('@', &number),
        address_line_2,
        city,
        state,
        postal_code: if draw.chance(4) { "" } else { postal_code },
        country: country.name,
        territory: country.territory,
        contact_last_name,
        contact_first_name: draw.pick::<&str>(country.first_names),
        // A few large accounts, as in any wholesaler's book.
        appetite: [1, 2, 3, 5, 16][draw.weighted(&[30, 30, 20, 15, 5])],
    }
}
