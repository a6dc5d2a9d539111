//! A catalog of card payments in France: groceries, electronics and travel, 5 to 750 EUR.

use super::{Catalog, Customer, Merchant, MerchantKind, PriceRange, Product};
use crate::simulate::weights::Weights;
use comptoir_model::money::Currency;

struct Category {
    name: &'static str,
    /// How often something of it is bought, against the others.
    weight: u32,
    merchants: [(&'static str, MerchantKind); 4],
    /// With the lowest and highest price, in whole euros.
    products: [(&'static str, u32, u32); 8],
}

use MerchantKind::{Seller, Shop};

const CATEGORIES: [Category; 3] = [
    Category {
        name: "grocery",
        weight: 62,
        merchants: [
            ("Halles du Marais", Shop),
            ("Épicerie du Port", Shop),
            ("Le Panier Vert", Shop),
            ("Cave Saint-Éloi", Seller),
        ],
        products: [
            ("Weekly basket", 25, 120),
            ("Cheese board", 9, 38),
            ("Coffee, 1 kg", 12, 32),
            ("Olive oil, 75 cl", 7, 24),
            ("Case of wine", 30, 140),
            ("Bakery order", 5, 18),
            ("Fish counter", 8, 45),
            ("Fruit and vegetables", 5, 30),
        ],
    },
    Category {
        name: "electronics",
        weight: 23,
        merchants: [
            ("Volt & Cie", Shop),
            ("Atelier du Son", Shop),
            ("Pixel Nord", Shop),
            ("Second Circuit", Seller),
        ],
        products: [
            ("Headphones", 35, 280),
            ("Telephone", 150, 740),
            ("Tablet", 180, 620),
            ("Kitchen scale", 15, 60),
            ("Loudspeaker", 40, 350),
            ("Memory card", 9, 70),
            ("Lamp", 12, 90),
            ("Repair", 25, 190),
        ],
    },
    Category {
        name: "travel",
        weight: 15,
        merchants: [
            ("Rails de France", Shop),
            ("Escales", Shop),
            ("Hôtel des Voyageurs", Shop),
            ("Cap Ouest", Seller),
        ],
        products: [
            ("Train ticket", 15, 180),
            ("Night in a hotel", 55, 320),
            ("Flight", 60, 750),
            ("Car for a day", 35, 140),
            ("Ferry", 40, 260),
            ("Museum pass", 9, 48),
            ("Coach ticket", 5, 45),
            ("Travel insurance", 12, 80),
        ],
    },
];

/// With a weight after their number of inhabitants.
const CITIES: [(&str, u32); 14] = [
    ("Paris", 40),
    ("Marseille", 17),
    ("Lyon", 12),
    ("Toulouse", 10),
    ("Nice", 7),
    ("Nantes", 7),
    ("Montpellier", 6),
    ("Strasbourg", 6),
    ("Bordeaux", 5),
    ("Lille", 5),
    ("Rennes", 4),
    ("Reims", 3),
    ("Grenoble", 3),
    ("Brest", 2),
];
const FIRST_NAMES: [&str; 20] = [
    "Anaïs", "Bruno", "Camille", "Damien", "Élodie", "Farid", "Gaëlle", "Hugo", "Inès", "Jules",
    "Karim", "Léa", "Mathis", "Noémie", "Olivier", "Pauline", "Quentin", "Rachida", "Simon",
    "Thaïs",
];
const LAST_NAMES: [&str; 25] = [
    "Abadie",
    "Bertin",
    "Carrel",
    "Delorme",
    "Estève",
    "Faure",
    "Garnier",
    "Hamadi",
    "Imbert",
    "Jolivet",
    "Kerbrat",
    "Lacoste",
    "Marchal",
    "N'Diaye",
    "Ollivier",
    "Pasquier",
    "Quéméner",
    "Roussel",
    "Sabatier",
    "Tessier",
    "Urvoy",
    "Vasseur",
    "Weber",
    "Ybert",
    "Zeller",
];
const LINE_CENTS: PriceRange = PriceRange {
    lowest: 500,
    highest: 75_000,
};

/// The catalog, always the same.
pub fn payments() -> Catalog {
    let mut products = Vec::new();
    let mut merchants = Vec::new();
    let mut merchant_weights = Vec::new();
    for category in &CATEGORIES {
        let first = products.len();
        for (number, (name, lowest, highest)) in (1..).zip(category.products) {
            let id = format!("{}-{number:02}", category.name);
            let price = PriceRange {
                lowest: lowest * 100,
                highest: highest * 100,
            };
            products.extend(Product::new(&id, name, category.name, price));
        }
        for ((name, kind), share) in category.merchants.into_iter().zip([5, 3, 2, 1]) {
            merchants.push(Merchant::new(name, kind, first..products.len()));
            merchant_weights.push(category.weight * share);
        }
    }
    let customers = customers();
    Catalog {
        currency: Currency::EUR,
        product_weights: Weights::new(products.iter().map(|_| 1)),
        products,
        // Every twentieth comes back all the time, every fourth often.
        customer_weights: Weights::new(customers.iter().enumerate().map(|(at, _)| match at {
            at if at % 20 == 0 => 24,
            at if at % 4 == 0 => 6,
            _ => 1,
        })),
        customers,
        merchants,
        merchant_weights: Weights::new(merchant_weights.into_iter()),
        line_cents: LINE_CENTS,
        unknown_customers_per_mille: 150,
    }
}

/// Four people of each name, who live where their number says, in proportion to the cities.
fn customers() -> Vec<Customer> {
    let homes: Vec<&str> = CITIES
        .iter()
        .flat_map(|(city, weight)| std::iter::repeat_n(*city, *weight as usize))
        .collect();
    let names = LAST_NAMES.iter().flat_map(|last| {
        let full = move |first: &&str| format!("{first} {last}");
        FIRST_NAMES.iter().map(full)
    });
    let names: Vec<String> = names.collect();
    names
        .iter()
        .cycle()
        .take(4 * names.len())
        .enumerate()
        .filter_map(|(at, name)| {
            // 53 and the number of homes have no common divisor: neighbours live apart.
            let home = homes[at * 53 % homes.len()];
            Customer::new(&format!("C{:05}", at + 1), name, "France", home)
        })
        .collect()
}
