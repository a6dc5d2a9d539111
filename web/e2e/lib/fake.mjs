// A server that shows the built page with whatever live figures, health and logs a test gives it,
// to see states that no real service can be brought into at will.
//
// `node lib/fake.mjs [PORT] [flood]` serves made-up figures that move.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as data from './fake_data.mjs';

const DIST = fileURLToPath(new URL('../../ui/dist', import.meta.url));
const TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.wasm': 'application/wasm',
};

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const iso = (time) => new Date(time).toISOString().replace(/\.000Z$/, 'Z');
const eur = (cents) => ({
    amount: (cents < 0 ? '-' : '') + (Math.abs(cents) / 100).toFixed(2), currency: 'EUR' });
const revenue = (gross, refunds) => ({
    gross: eur(gross), refunds: eur(refunds), net: eur(gross - refunds) });

const NAMES = {
    category: ['Grocery', 'Electronics', 'Travel'],
    city: ['Paris', 'Lyon', 'Marseille', 'Nantes', 'Toulouse', 'Lille', 'Bordeaux', 'Rennes',
        'Strasbourg', 'Montpellier', 'Nice', 'Grenoble'],
    product: ['Espresso machine, stainless steel', 'Olive oil, 1 l', 'Train ticket Paris–Lyon',
        'Headphones', 'Bread', 'Cheese board', 'Night in a hotel', 'Laptop sleeve', 'Tea, 100 g',
        'Umbrella'],
};

const figures = (scale) => ({
    transactions: 100 * scale, approved: 86 * scale, declined: 7 * scale, pending: 5 * scale,
    refunded: 2 * scale, units: 173 * scale,
    revenue: [revenue(1_234_567 * scale, 23_456 * scale)],
    orders: { count: 42 * scale, error_percent: '1.6' },
    customers: { count: 37 * scale, error_percent: '1.6' },
    average_basket: eur(29394), approval_rate_percent: '92.5',
});

const row = (index, scale) => ({
    transactions: (12 - index) * scale, approved: (11 - index) * scale, units: (20 - index) * scale,
    revenue: revenue((40 - 3 * index) * 1111 * scale, index % 3 ? 0 : 777 * scale),
});

/** The 60 minutes up to the running one. */
const series = (running, scale) => ({ minutes: Array.from({ length: 60 }, (_, index) => {
    const height = 40 + 25 * Math.sin(index / 7) + 9 * Math.cos(index * 1.7);
    const gross = Math.round(height * scale(index) * 100) * 3;
    return { start: iso(running - (59 - index) * MINUTE), transactions: Math.round(height),
        approved: Math.round(height * 0.86), units: Math.round(height * 1.7),
        revenue: [revenue(gross, index % 6 ? 0 : Math.round(gross / 9))] };
}) });

/** A whole message as of `now`, larger with each `step`. */
export function message(now, step = 0, changes = {}) {
    const running = Math.floor(now / MINUTE) * MINUTE;
    const window = (minutes, scale) => ({
        from: iso(running - (minutes - 1) * MINUTE), to: iso(running + MINUTE),
        figures: figures(scale + step) });
    const groups = ['5m', '60m', 'today'].flatMap((name, at) => ['category', 'city'].map((by) => ({
        window: name, dimension: by, total: NAMES[by].length,
        groups: NAMES[by].map((key, index) => ({
            key, ...(by === 'city' ? { country: 'France' } : {}), ...row(index, at + 1 + step) })),
    })));
    const statuses = ['APPROVED', 'APPROVED', 'DECLINED', 'APPROVED', 'PENDING', 'APPROVED', 'REFUNDED'];
    return {
        as_of: { time: iso(now), offsets: [{ stream: 'fake', partition: 0, next: 1000 + step }] },
        source: {
            state: 'live', since: iso(now - MINUTE), fresh_through: iso(now - 400),
            checked_at: iso(now - 100),
            partitions: [0, 1, 2].map((partition) => ({
                stream: '7d8c1e0a-fake', partition, generation: 1, covered: 0, next: 1000 + step,
                log_end: 1000 + step, fresh_through: iso(now - 400), checked_at: iso(now - 100),
                lag: 0, lag_unit: 'records', ended: false })),
            gaps: [], dead_letters: { total: 0, newest_at: null, by_reason: [] },
            ...changes.source,
        },
        windows: { minutes_5: window(5, 1), minutes_60: window(60, 10), today: window(700, 100) },
        series: series(running, (index) => (index === 59 ? 0.4 : 1) * (1 + step / 100)),
        groups,
        tops: ['product', 'merchant', 'customer'].map((kind) => ({ kind, currency: 'EUR',
            rows: NAMES.product.map((name, index) => ({
                key: `${kind}-${index}`, name: kind === 'product' ? name : `${kind} ${index}`,
                ...row(index, 3 + step) })) })),
        transactions: Array.from({ length: 50 }, (_, index) => ({
            stream: 'fake', partition: 0, offset: 1000 + step - index, event_id: `E-${1000 + step - index}`,
            event_time: iso(now - index * 700), order_id: `O-${index}`, order_line: 1,
            customer_id: 'C-1', customer_name: 'Hélène Martín', product_id: 'P-1',
            product_name: NAMES.product[(step + index) % 10], category: 'Grocery',
            merchant: 'Épicerie du Port', quantity: 2, amount: eur(1350 + 97 * index), country: 'France',
            city: NAMES.city[index % 12], channel: 'store', payment_method: 'card',
            status: statuses[(step + index) % 7] })),
        ...changes.parts,
    };
}

const part = (id, kind, name, facts = {}, more = {}) => ({
    id, kind, name, state: 'up', since: iso(Date.now() - 3600 * SECOND), checked_at: iso(Date.now() - SECOND),
    cause: null, detail: null,
    facts: Object.entries(facts).map(([name, value]) => ({ name, value })), ...more });

export function health() {
    return { time: iso(Date.now()), parts: [
        part('zookeeper', 'zookeeper', '127.0.0.1:2181',
            { version: '3.8.4', mode: 'standalone', latency_ms: '0.2', connections: '3', answered_by: 'mntr' }),
        part('kafka-broker-0', 'kafka_broker', '127.0.0.1:9092', { controller: '0' }),
        part('kafka-topic', 'kafka_topic', 'transactions',
            { partitions: '3', under_replicated_partitions: '0', offline_partitions: '0', lag_records: '0' }),
        part('name-node', 'name_node', '127.0.0.1:9870',
            { live_data_nodes: '1', capacity_bytes: '52710469632', remaining_bytes: '31253823488' }),
        part('warehouse', 'warehouse', 'mysql://127.0.0.1:3306/comptoir'),
        part('process-views', 'process', 'comptoir-speed views', { pid: '12345', host: 'till-1' }),
    ] };
}

export function logs() {
    const line = (offset, level, component, text, fields = []) => ({
        source: 'app', offset, time: iso(Date.now() - (2000 - offset)), level, component, message: text, fields });
    return { time: iso(Date.now()),
        sources: [{ name: 'app', path: '/var/log/comptoir/app.log',
            location: 'hdfs://127.0.0.1:8020/user/flume/logs/app', state: 'shipping',
            since: iso(Date.now() - 3600 * SECOND), problem: null, lines: 18234, bytes: 3_456_789,
            lag_bytes: 312, pieces_closed: 12, pieces_open: 1, gaps: 0, gap_bytes: 0,
            shipped_at: iso(Date.now() - 300) }],
        lines: [
            line(1990, 'INFO', 'views', 'committed a batch', [['records', '512'], ['millis', '14']]),
            line(1800, 'WARN', 'web', 'a probe took long', [['part', 'zookeeper']]),
            line(1700, 'ERROR', 'logship', 'the lake does not answer', [['hint', 'comptoir doctor']]),
            { ...line(1600, null, null, 'java.lang.Exception: not ours'), time: null },
        ] };
}

/** What clocks in the shop show, as if it were UTC. */
const clock = (time) => Date.parse(`${new Date(time).toLocaleString('sv-SE', { timeZone: 'Europe/Paris' }).replace(' ', 'T')}Z`);

/** The same weekday last week: four fifths of what `message` says of today, and a wave of its own. */
export function compared(moment = Date.now()) {
    const now = Math.floor(moment / SECOND) * SECOND;
    const at = now - 7 * 24 * 3600 * SECOND;
    // By the calendar: clocks may have been changed since.
    const then = at + (clock(now) - now) - (clock(at) - at);
    const running = Math.floor(then / MINUTE) * MINUTE;
    return { at: iso(then), today: { from: iso(then - 700 * MINUTE), to: iso(running + MINUTE), figures: figures(80) },
        series: series(running, (index) => 0.8 + 0.3 * Math.cos(index / 9)) };
}

const archived = (offset, level, text) => ({
    source: 'app.log', life: 3, offset, time: iso(Date.now() - (9000 - offset) * SECOND), level, text,
    file: '2026/11/22/13/segment-00000012-1f2e3d4c.zst', is_sealed: true });

/** What a search of the archive finds; `pattern` becomes part of a line. */
export function search(pattern) {
    const now = Date.now();
    const minute = Math.floor(now / MINUTE) * MINUTE;
    return { from: iso(now - 3600 * SECOND), to: iso(now), found: 1204,
        lines: [archived(8000, 'ERROR', `no answer, ${pattern}`), archived(7000, 'INFO', 'imported <b>12</b> rows')],
        minutes: [40, 39, 38, 20, 3].map((ago, index) => ({ minute: iso(minute - ago * MINUTE), lines: 5 + 40 * index })),
        bytes_read: 2_400_000, bytes_skipped: 1_200_000_000, stopped: null, has_expired: false, sources: ['app.log'] };
}

export const around = () => ({ lines: [
    archived(7900, 'INFO', 'the line before'), archived(8000, 'ERROR', 'no answer'), archived(8100, 'INFO', 'the line behind') ] });

export function verification() {
    const source = { location: 'hdfs://127.0.0.1:8020/user/flume/logs/app.log', problem: null, findings: 0,
        first_findings: [], manifests: 12, sealed_at: iso(Date.now() - MINUTE), lines: 18000, bytes: 3_400_000,
        gaps: 0, anchored: 12, unsealed_bytes: 312, notes: [] };
    return { checked_at: iso(Date.now()), sources: [
        { source: 'app.log', ...source },
        { source: 'till.log', ...source, findings: 1,
            first_findings: ['missing: segment-00000003-0a1b2c3d.zst: bytes 4096 to 8192 of life 1'] } ] };
}

const run = (outcome, hoursAgo, more = {}) => ({
    id: 1000 - hoursAgo, outcome, host: 'till-1', pid: 4711, started_at: iso(Date.now() - hoursAgo * 3600 * SECOND),
    ended_at: outcome === 'running' ? null : iso(Date.now() - hoursAgo * 3600 * SECOND + 95 * SECOND),
    attempts: 1, run: '20261121T021500Z-6f1c90a2', rows: 2823, bytes: 579198, error: null, ...more });

const nothing = { run: null, rows: null, bytes: null };

const FAILED = run('failed', 30, { ...nothing, attempts: 4, error: 'erp is away\nhint: <img onerror=x> start it' });

export function jobs() {
    const recent = (...outcomes) => outcomes.map((outcome, index) => ({
        outcome, started_at: iso(Date.now() - (30 + 24 * index) * 3600 * SECOND) }));
    const job = (name, last, more) => ({ name, last, last_done: last, recent: recent('done', 'done', 'done'),
        usual_interval_s: null, expected_at: null, is_overdue: false, ...more });
    return { time: iso(Date.now()), run_now: runNow(), jobs: [
        job('customers', run('running', 0, nothing), { last_done: run('done', 24) }),
        job('sales', FAILED, { last_done: run('done', 54), recent: recent('failed', 'done', 'skipped', 'done', 'done'),
            usual_interval_s: 86400, expected_at: iso(Date.now() - 6 * 3600 * SECOND), is_overdue: false }),
        job('stock', run('done', 60), { usual_interval_s: 86400,
            expected_at: iso(Date.now() - 36 * 3600 * SECOND), is_overdue: true }),
        job('view.live', run('done', 1)),
    ] };
}

/** What can be asked for, by a process that lives. */
export const runNow = (more = {}) => ({ is_possible: true, seen_at: iso(Date.now() - SECOND),
    jobs: ['customers', 'sales', 'stock', 'view.live'], commands: [], ...more });

/** A job that somebody asked for. */
export const command = (job, state, more = {}) => ({ id: 7, job, asked_by: 'user:olga',
    asked_at: iso(Date.now() - 5 * SECOND), state, ended_at: null, said: null, ...more });

const RIGHTS = ['figures', 'logs', 'journal', 'metrics', 'operate'];
const anyone = () => ({ kind: 'anyone', name: null, role: null, rights: RIGHTS });

/** 120 entries, the newest first; `before` is the number of one. */
export function journal(before, limit) {
    const numbers = Array.from({ length: 120 }, (_, at) => 120 - at).filter((it) => !before || it < Number(before));
    const entries = numbers.slice(0, limit).map((number) => ({ number, id: `e-${number}`,
        at: iso(Date.now() - (121 - number) * MINUTE), who: number % 2 ? 'user:olga' : 'unknown', address: '10.0.0.7',
        action: number % 2 ? 'job.run' : 'login', outcome: number % 2 ? 'done' : 'refused',
        detail: number % 2 ? 'sales' : '<img onerror=x>' }));
    return { entries, next: numbers.length > limit ? entries.at(-1).number : null };
}

export const jobRuns = (name) => ({ name, runs: [FAILED, run('done', 54), run('crashed', 78, nothing)] });

/** `state` may be changed while it runs: live, health, logs, letters and so on, each a function whose answer
 * may be a Problem. */
export async function fakeServer(state = {}, port = 0) {
    const streams = new Set();
    const problem = (response, body) => {
        response.writeHead(body.status, { 'content-type': 'application/problem+json' });
        response.end(JSON.stringify(body));
    };
    const json = (response, body) => {
        if (body?.status >= 400) return problem(response, body);
        response.writeHead(200, { 'content-type': 'application/json' });
        return response.end(JSON.stringify(body));
    };
    const noImport = { type: '/problems/no-import', title: 'nothing imported', status: 404, detail: 'empty' };
    const server = createServer(async (request, response) => {
        const { pathname, searchParams } = new URL(request.url, 'http://fake');
        if (pathname === '/api/v1/live/stream') {
            const first = state.live?.();
            if (first?.status >= 400) return problem(response, first);
            response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
            response.write('retry: 200\n\n');
            if (first) response.write(`event: snapshot\nid: f-1\ndata: ${JSON.stringify(first)}\n\n`);
            streams.add(response);
            return request.on('close', () => streams.delete(response));
        }
        if (pathname === '/api/v1/transactions') {
            const all = state.live().transactions;
            const names = [...searchParams.keys()].filter((name) => name in all[0]);
            const rows = all.filter((row) => names.every((name) => row[name] === searchParams.get(name)));
            if (searchParams.get('format') !== 'csv') return json(response, { ...state.live(), transactions: rows });
            response.writeHead(200, { 'content-type': 'text/csv; charset=utf-8',
                'content-disposition': 'attachment; filename="comptoir-transactions-fake.csv"' });
            return response.end(['event_id,status', ...rows.map((row) => `${row.event_id},${row.status}`), ''].join('\r\n'));
        }
        if (pathname === '/api/v1/live/summary') return json(response, state.live?.() ?? {});
        if (pathname === '/api/v1/session') return json(response, (state.session ?? anyone)());
        if (pathname === '/api/v1/journal') {
            return json(response, journal(searchParams.get('before'), Number(searchParams.get('limit'))));
        }
        if (pathname === '/api/v1/health') return json(response, (state.health ?? health)());
        if (pathname === '/api/v1/logs/summary') return json(response, (state.logs ?? logs)());
        if (pathname === '/api/v1/live/compared') return json(response, await (state.compared ?? compared)());
        if (pathname === '/api/v1/logs/search') {
            return json(response, (state.search ?? search)(searchParams.get('pattern'), searchParams));
        }
        if (pathname === '/api/v1/logs/lines') return json(response, around());
        if (pathname === '/api/v1/logs/verify') return json(response, verification());
        if (pathname === '/api/v1/jobs') return json(response, (state.jobs ?? jobs)());
        if (request.method === 'POST' && pathname.endsWith('/run')) {
            const answer = state.ask(pathname.split('/').at(-2));
            if (answer.status >= 400) return problem(response, answer);
            response.writeHead(202, { 'content-type': 'application/json' });
            return response.end(JSON.stringify(answer));
        }
        if (pathname.startsWith('/api/v1/jobs/')) return json(response, jobRuns(pathname.slice('/api/v1/jobs/'.length)));
        if (pathname === '/api/v1/dead-letters') {
            return json(response, (state.letters ?? data.letters)(searchParams.get('reason'), searchParams.get('cursor')));
        }
        if (pathname.startsWith('/api/v1/dead-letters/')) {
            return json(response, data.oneLetter(pathname.slice('/api/v1/dead-letters/'.length)) ?? noImport);
        }
        if (pathname === '/api/v1/reconcile') return json(response, (state.reconcile ?? data.reconcile)());
        if (pathname === '/api/v1/views') return json(response, (state.views ?? data.views)());
        if (pathname === '/api/v1/views/event_rules') return json(response, (state.rules ?? data.eventRules)());
        if (pathname === '/api/v1/views/event_alarms') return json(response, (state.alarms ?? data.eventAlarms)());
        if (pathname === '/api/v1/lake') {
            const cursor = searchParams.get('cursor');
            return json(response, (state.lake ?? data.lake)(searchParams.get('path'), { cursor }));
        }
        if (pathname.startsWith('/api/v1/history/')) return json(response, state.history?.(pathname) ?? noImport);
        if (pathname.startsWith('/api/')) return json(response, noImport);
        const file = pathname === '/' ? '/index.html' : pathname;
        try {
            // Every browser takes the smallest copy.
            const bytes = await readFile(join(DIST, `${file}.br`));
            const type = TYPES[extname(file)] ?? 'application/octet-stream';
            response.writeHead(200, { 'content-type': type, 'content-encoding': 'br' });
            return response.end(bytes);
        } catch {
            response.writeHead(404);
            return response.end();
        }
    });
    await new Promise((resolve) => { server.listen(port, '127.0.0.1', resolve); });
    return {
        url: `http://127.0.0.1:${server.address().port}`,
        /** Tells all open pages. */
        send(body) {
            for (const stream of streams) stream.write(`event: snapshot\ndata: ${JSON.stringify(body)}\n\n`);
        },
        /** Breaks all connections of the stream. */
        cut() {
            for (const stream of streams) stream.destroy();
        },
        open: () => streams.size,
        async end() {
            server.closeAllConnections();
            await new Promise((resolve) => { server.close(resolve); });
        },
    };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const [port = '8090', kind] = process.argv.slice(2);
    let step = 0;
    const server = await fakeServer({ live: () => message(Date.now(), step) }, Number(port));
    console.log(server.url);
    setInterval(() => {
        step += kind === 'flood' ? 97 : 1;
        server.send(message(Date.now(), step));
    }, 200);
}
