// Computes every live figure from the accepted events, in cents as BigInt and sets of ids.

import { judge } from './events.mjs';
import { divideHalfEven } from './expected.mjs';

/** What the transport's records amount to, up to exactly these positions. */
export async function truthUpTo(transport, offsets) {
    const parts = await Promise.all(offsets.map(async ({ stream, partition, next }) => {
        const judged = judge(await transport.read(partition, next), transport.reach);
        for (const event of judged.accepted) Object.assign(event, { stream, partition });
        return judged;
    }));
    return {
        events: parts.flatMap((part) => part.accepted),
        rejected: parts.flatMap((part) => part.rejected),
        duplicates: parts.reduce((sum, part) => sum + part.duplicates, 0),
    };
}

export const minuteOf = (text) => Date.parse(text) / 60_000;

/** The events whose minute lies in a window, given by its times. */
export function within(events, from, to) {
    const [first, end] = [minuteOf(from), minuteOf(to)];
    return events.filter((event) => event.minute >= first && event.minute < end);
}

/** Counts of all currencies; money of one. */
export function totals(events, currency) {
    const of = (status) => events.filter((event) => event.status === status);
    const sum = (all) => all.filter((event) => event.currency === currency)
        .reduce((total, event) => total + event.cents, 0n);
    const [approved, declined, refunded] = ['APPROVED', 'DECLINED', 'REFUNDED'].map(of);
    const [gross, refunds] = [sum(approved), sum(refunded)];
    const decided = BigInt(approved.length + declined.length);
    return {
        transactions: BigInt(events.length),
        approved: BigInt(approved.length),
        declined: BigInt(declined.length),
        pending: BigInt(of('PENDING').length),
        refunded: BigInt(refunded.length),
        units: approved.reduce((total, event) => total + BigInt(event.quantity), 0n),
        gross,
        refunds,
        net: gross - refunds,
        orders: new Set(approved.map((event) => event.order_id)).size,
        customers: new Set(approved.map((event) => event.customer_id).filter((id) => id !== null)).size,
        /** In tenths of a percent; `null` of nothing. */
        approvalRate: decided === 0n ? null : divideHalfEven(BigInt(approved.length) * 1000n, decided),
        currenciesSold: new Set(approved.map((event) => event.currency)).size,
    };
}

/** Totals by a key, of one currency. */
export function groups(events, keyOf, currency) {
    const found = new Map();
    for (const event of events) {
        const key = keyOf(event);
        if (key === null || event.currency !== currency) continue;
        if (!found.has(key)) found.set(key, []);
        found.get(key).push(event);
    }
    return new Map([...found].map(([key, all]) => [key, totals(all, currency)]));
}

export const KEYS = {
    category: (event) => event.category,
    city: (event) => `${event.city}, ${event.country}`,
    product: (event) => event.product_id,
    merchant: (event) => event.merchant,
    customer: (event) => event.customer_id,
};
