// Computes every figure of the page from the CSV, on its own: shares no code with the server or
// the page. Money is counted in cents as BigInt.

import { needed } from './browser.mjs';
import { readCsv } from './csv.mjs';

const DIMENSIONS = {
    month: (row) => isoDay(row.ORDERDATE).slice(0, 7),
    product_line: (row) => row.PRODUCTLINE,
    country: (row) => row.COUNTRY,
    territory: (row) => row.TERRITORY,
    status: (row) => row.STATUS,
    deal_size: (row) => row.DEALSIZE,
};

/** The truth of the file that the environment names. */
export function expected(fits) {
    return expectedFrom(needed('CSV', 'the file that the ERP was loaded from'), fits);
}

/** The same of the rows that fit; `fits` gets a row and its order's day. */
export async function expectedFrom(path, fits = () => true) {
    const rows = (await readCsv(path)).filter((row) => fits(row, isoDay(row.ORDERDATE)));
    const days = rows.map((row) => isoDay(row.ORDERDATE)).sort();
    const by = {};
    for (const [dimension, keyOf] of Object.entries(DIMENSIONS)) {
        const groups = groupBy(rows, keyOf);
        by[dimension] = new Map([...groups].map(([key, group]) => [key, figures(group)]));
    }
    return {
        summary: figures(rows),
        period: `${days[0]}/${days.at(-1)}`,
        last: days.at(-1),
        rows: rows.length,
        by,
    };
}

function figures(rows) {
    const cancelled = rows.filter((row) => row.STATUS === 'Cancelled');
    const kept = rows.filter((row) => row.STATUS !== 'Cancelled');
    const net = sum(kept);
    const orders = distinct(kept, 'ORDERNUMBER');
    return {
        lines: BigInt(rows.length),
        orders: distinct(rows, 'ORDERNUMBER'),
        customers: distinct(rows, 'CUSTOMERNAME'),
        sales: net + sum(cancelled),
        net_sales: net,
        cancelled_sales: sum(cancelled),
        average_basket: orders === 0n ? null : divideHalfEven(net, orders),
    };
}

export const MONEY = ['sales', 'net_sales', 'cancelled_sales', 'average_basket'];
export const COUNTS = ['lines', 'orders', 'customers'];

/** A plain decimal in cents: '12.5' is 1250n. */
export function cents(text) {
    const match = /^(-?)(\d+)(?:\.(\d{1,2})0*)?$/.exec(text);
    if (!match) throw new Error(`'${text}' is not an amount in cents`);
    const value = BigInt(match[2] + (match[3] ?? '').padEnd(2, '0'));
    return match[1] ? -value : value;
}

function sum(rows) {
    return rows.reduce((total, row) => total + cents(row.SALES), 0n);
}

function distinct(rows, column) {
    return BigInt(new Set(rows.map((row) => row[column])).size);
}

export function divideHalfEven(value, count) {
    const negative = value < 0n;
    const [whole, rest] = [(negative ? -value : value) / count, (negative ? -value : value) % count];
    const up = rest * 2n > count || (rest * 2n === count && whole % 2n === 1n);
    const rounded = up ? whole + 1n : whole;
    return negative ? -rounded : rounded;
}

/** '2003-02-24…' as it is, '2/24/2003 0:00' turned around. */
function isoDay(text) {
    const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})/.exec(text);
    if (!american) return text.slice(0, 10);
    const [, month, day, year] = american;
    return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

function groupBy(rows, keyOf) {
    const groups = new Map();
    for (const row of rows) {
        const key = keyOf(row);
        if (!groups.has(key)) groups.set(key, []);
        groups.get(key).push(row);
    }
    return groups;
}
