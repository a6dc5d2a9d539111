// Made-up answers for the History page, as the API gives them.

const eur = (amount) => ({ amount: amount.toFixed(2), currency: 'EUR' });
const figures = (scale, cancelled = 0) => ({
    lines: 10 * scale, orders: 3 * scale, customers: 2 * scale, sales: eur(1000 * scale + cancelled),
    net_sales: eur(1000 * scale), cancelled_sales: eur(cancelled), average_basket: eur(333.33) });

const KEYS = {
    month: ['2003-11', '2003-12', '2004-01', '2004-02', '2004-11', '2004-12'],
    product_line: ['Classic Cars', 'Motorcycles', 'Planes', 'Ships', 'Trains'],
    country: ['France', 'Spain', 'USA'],
    territory: ['EMEA', 'NA'],
    status: ['Cancelled', 'Shipped'],
    deal_size: ['Large', 'Medium', 'Small'],
};

/** Answers `/api/v1/history/…`; nothing to any other path. */
export function history(path) {
    const as_of = { time: '2026-11-21T04:00:00Z', offsets: [] };
    const location = 'hdfs://127.0.0.1:8020/user/sqoop/sales';
    const import_ = { run: '20261121T040000Z-5f2a90c1', table: 'sales', imported_at: as_of.time, location,
        rows: 2823, bytes: 579_198,
        parts: [0, 1, 2, 3].map((part) => ({ name: `part-m-0000${part}`, rows: 706, bytes: 144_800, sha256: 'ab'.repeat(32) })) };
    const shared = { as_of, import: import_, stale: null };
    if (path.endsWith('/summary')) {
        return { ...figures(100, 4000), period: { first: '2003-11-03', last: '2004-12-30' }, ...shared };
    }
    const dimension = path.slice('/api/v1/history/by/'.length);
    const groups = KEYS[dimension]?.map((key, index) => ({ key, ...figures(9 - index, index % 2 ? 120 : 0) }));
    return groups && { dimension, groups, ...shared };
}
