//! Orders and their lines, and what becomes of them later.

use super::catalog::{Catalog, MerchantKind};
use comptoir_model::event::{Channel, PaymentMethod, Status};
use comptoir_sample::Draw;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Lines of an order, by weight: most have one or two.
const LINES: [u32; 6] = [42, 27, 15, 9, 5, 2];
/// Units on a line, by weight.
const QUANTITIES: [u32; 6] = [64, 20, 8, 4, 2, 2];
const CHANNELS: [(Channel, u32); 4] = [
    (Channel::Store, 52),
    (Channel::Web, 28),
    (Channel::Mobile, 16),
    (Channel::Phone, 4),
];
const STATUSES: [(Status, u32); 3] = [
    (Status::Approved, 86),
    (Status::Declined, 6),
    (Status::Pending, 8),
];
/// Lines in a thousand.
const DISCOUNTED: u32 = 120;
const REFUNDED: u32 = 30;
/// Of a hundred pending lines.
const APPROVED_LATER: u32 = 85;

/// One line of one order: what all its events have in common. Numbers stand for the catalog's
/// entries, so that many can wait for their next event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) order: u64,
    pub(super) number: u32,
    pub(super) customer: u32,
    pub(super) customer_is_known: bool,
    pub(super) merchant: u32,
    pub(super) product: u32,
    pub(super) quantity: u32,
    pub(super) unit_cents: u32,
    pub(super) amount_cents: u32,
    pub(super) channel: Channel,
    pub(super) payment: PaymentMethod,
}

/// The lines of a new order, all paid for at once.
pub(super) fn place(
    order: u64,
    catalog: &Catalog,
    draw: &mut Draw,
    lines: &mut VecDeque<(Line, Status)>,
) {
    let merchant_number = catalog.merchant_weights.draw(draw);
    let merchant = &catalog.merchants[merchant_number];
    let channel = match merchant.kind {
        MerchantKind::Seller => Channel::Marketplace,
        MerchantKind::Shop => weighted(draw, &CHANNELS),
    };
    let customer_is_known =
        channel != Channel::Store || draw.below(1_000) >= catalog.unknown_customers_per_mille;
    let customer = catalog.customer_weights.draw(draw);
    let payment = payment(draw, channel, customer_is_known);
    let status = weighted(draw, &STATUSES);
    for number in 1..=pick(draw, &LINES) {
        let products = merchant.products.clone();
        let product_number = catalog.product_weights.draw_in(draw, products);
        let price = catalog.products[product_number].price_cents;
        let unit_cents = draw.between(price.lowest, price.highest);
        let allowed = catalog.line_cents;
        let quantity = pick(draw, &QUANTITIES).min((allowed.highest / unit_cents).max(1));
        let full = u64::from(unit_cents) * u64::from(quantity);
        let percent = if draw.below(1_000) < DISCOUNTED {
            100 - 5 * u64::from(draw.between(1, 4))
        } else {
            100
        };
        let amount = u32::try_from(full * percent / 100).unwrap_or(u32::MAX);
        let line = Line {
            order,
            number,
            customer: index(customer),
            customer_is_known,
            merchant: index(merchant_number),
            product: index(product_number),
            quantity,
            unit_cents,
            amount_cents: amount.clamp(allowed.lowest, allowed.highest),
            channel,
            payment,
        };
        lines.push_back((line, status));
    }
}

/// Catalogs are bounded far below 2^32.
fn index(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn payment(draw: &mut Draw, channel: Channel, customer_is_known: bool) -> PaymentMethod {
    if !customer_is_known {
        return PaymentMethod::Cash;
    }
    let usual = match channel {
        Channel::Store => [PaymentMethod::Card, PaymentMethod::Cash],
        Channel::Web | Channel::Marketplace => [PaymentMethod::Card, PaymentMethod::Wallet],
        Channel::Mobile => [PaymentMethod::Wallet, PaymentMethod::Card],
        Channel::Phone => [PaymentMethod::BankTransfer, PaymentMethod::Cheque],
    };
    weighted(
        draw,
        &[
            (usual[0], 72),
            (usual[1], 22),
            (PaymentMethod::Voucher, 4),
            (PaymentMethod::Other, 2),
        ],
    )
}

/// 1 for the first weight, 2 for the second.
fn pick(draw: &mut Draw, weights: &[u32]) -> u32 {
    index(draw.weighted(weights)) + 1
}

fn weighted<T: Copy, const N: usize>(draw: &mut Draw, items: &[(T, u32); N]) -> T {
    items[draw.weighted(&items.map(|(_, weight)| weight))].0
}

/// Lines that will have another event.
///
/// Bounded: where too many wait, a pending line stays pending and a sale is not refunded.
#[derive(Debug, Default)]
pub(super) struct FollowUps {
    waiting: BinaryHeap<Reverse<FollowUp>>,
    numbered: u64,
}

/// About 7 MB.
const FOLLOW_UPS_MAX: usize = 100_000;

#[derive(Debug)]
struct FollowUp {
    due_ms: i64,
    /// Tells apart, and puts in order, those of the same moment.
    number: u64,
    line: Line,
    status: Status,
}

impl FollowUps {
    /// Draws what becomes of a line whose event of `status` happens at `now_ms`.
    pub(super) fn plan(&mut self, line: Line, status: Status, now_ms: i64, draw: &mut Draw) {
        let (later, delay_ms) = match status {
            Status::Pending => {
                let approved = draw.chance(APPROVED_LATER);
                let later = if approved {
                    Status::Approved
                } else {
                    Status::Declined
                };
                (later, draw.between(2_000, 120_000))
            }
            Status::Approved if draw.below(1_000) < REFUNDED => {
                // Half of them within a quarter of an hour, some after an hour and a half.
                let quarters = draw.weighted(&[8, 3, 2, 1, 1, 1]);
                let quarter_ms = 15 * 60 * 1_000;
                let within = draw.between(20_000, quarter_ms);
                (Status::Refunded, index(quarters) * quarter_ms + within)
            }
            _ => return,
        };
        // Refunds wait long: they leave half of the room to those who wait for their payment.
        let room = match later {
            Status::Refunded => FOLLOW_UPS_MAX / 2,
            _ => FOLLOW_UPS_MAX,
        };
        if self.waiting.len() < room {
            self.numbered += 1;
            self.waiting.push(Reverse(FollowUp {
                due_ms: now_ms + i64::from(delay_ms),
                number: self.numbered,
                line,
                status: later,
            }));
        }
    }

    /// The next one that is due.
    pub(super) fn take(&mut self, now_ms: i64) -> Option<(Line, Status)> {
        let Reverse(first) = self.waiting.peek()?;
        if first.due_ms > now_ms {
            return None;
        }
        let Reverse(follow_up) = self.waiting.pop()?;
        Some((follow_up.line, follow_up.status))
    }
}

impl FollowUp {
    fn order(&self) -> (i64, u64) {
        (self.due_ms, self.number)
    }
}

impl PartialEq for FollowUp {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for FollowUp {}

impl PartialOrd for FollowUp {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FollowUp {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}
