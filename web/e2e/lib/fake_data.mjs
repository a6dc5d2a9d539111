// Made-up answers for the Data and Lake pages, as the API gives them.

const STREAM = '7d8c1e0a-fake';
const iso = (ago) => new Date(Date.now() - ago * 1000).toISOString();
const asOf = () => ({ time: iso(0), offsets: [] });
const hash = 'ab'.repeat(32);

export function reconcile(changes = {}) {
    const partition = (number, next) => ({
        stream: STREAM, partition: number, next, archived: next - 310, log: { start: 0, end: next + 2 },
        covered: next - 900, sealed_generations: 4, accepted: next - 45, rejected: 5, dead_letters: 5,
        duplicates: 40, differences: 0 });
    const partitions = [partition(0, 12_304), partition(1, 11_998), partition(2, 12_110)];
    return {
        verdict: 'complete', complete: true, fresh_through: iso(1),
        records: partitions.reduce((sum, it) => sum + it.next, 0), differences: [], partitions, gaps: [],
        unchecked: [],
        full: { at: iso(170), age_s: 170, is_too_old: false, verdict: 'complete', complete: true, differences: [] },
        as_of: asOf(), ...changes };
}

/** Something of everything that can be wrong. */
export function broken() {
    const report = reconcile();
    report.partitions[1].differences = 1;
    report.partitions[2].archived = null;
    return { ...report, complete: false,
        differences: [{ kind: 'log_end', stream: STREAM, partition: 1,
            detail: `${STREAM}/1: the archive ends at 12000, the log at 11998` }],
        gaps: [{ stream: STREAM, partition: 2, kind: 'lost', start: 10, end: 20, found_at: iso(900) }],
        unchecked: ['the log and the archive since 2026-11-22T10:00:00Z: that was the last look, ' +
            '`comptoir-speed archive` looks every 300 s where it runs'] };
}

const letter = (number, reason, detail) => ({
    stream: STREAM, partition: number % 3, offset: 12_000 - number, found_at: iso(10 * number), reason, detail,
    bytes: 412 + number });

export function letters(reason) {
    const all = Array.from({ length: 15 }, (_, number) => (number % 3
        ? letter(number, 'not_json', 'the record is not JSON: expected value at line 1 column 1')
        : letter(number, 'out_of_range', 'quantity is 0: it goes from 1 to 1000000')));
    const count = (name) => all.filter((it) => it.reason === name).length;
    return { as_of: asOf(),
        count: { total: 15, newest_at: iso(0),
            by_reason: ['not_json', 'out_of_range'].map((name) => [name, count(name)]) },
        letters: all.filter((it) => !reason || it.reason === reason) };
}

export function oneLetter(place) {
    const found = letters().letters.find((it) => `${it.stream}/${it.partition}/${it.offset}` === place);
    return found && { as_of: asOf(), letter: found, record_timestamp: iso(60),
        cure: 'write one JSON object a record', text: '{"event_id": "E-1", <img src=x onerror=alert(1)>', hex: null,
        is_whole: true };
}

export function views() {
    const view = (name, age, rows, more = {}) => ({
        name, last_failure: null,
        result: { run: '20261122T021600Z-6f1c90a2', published_at: iso(age), age_s: age, rows, description: name,
            columns: [], sources: [], lake: null, unknown: [], broken: [], as_of: asOf() }, ...more });
    return { views: [
        view('customer_value', 240, 92),
        view('event_cube', 240, 3_410),
        view('silver_transactions', 86_400, 36_012, { last_failure: { at: iso(240),
            error: 'the reference /reference/products does not exist\nhint: import it with comptoir-batch import' } }),
        view('event_alarms', 240, 2),
        view('event_rules', 240, 3),
        { name: 'baskets', result: null, last_failure: { at: iso(240), error: 'the lake has no /user/sqoop/baskets' } },
    ] };
}

const page = (rows) => ({ name: 'x', run: 'r', published_at: iso(0), columns: [], rows,
    matching_rows: rows.length, next_cursor: null, as_of: asOf(), last_failure: null });

export const eventRules = () => page([
    { event_day: '2026-11-22', rule: 'amounts are sane', action: 'quarantine', events: 12_112, failed: 17 },
    { event_day: '2026-11-22', rule: 'a customer is named', action: 'warn', events: 12_112, failed: 0 },
    { event_day: '2026-11-21', rule: 'amounts are sane', action: 'quarantine', events: 11_870, failed: 0 }]);

export const eventAlarms = () => page([
    { rule: 'as last week', action: 'warn', event_day: '2026-11-21', events: 11_870, expected: 11_402, failed: 0,
        remark: '104 percent of the mean of 3 days' }]);

const GOLD = '/gold';
const roots = () => [
    { kind: 'imports', path: '/user/sqoop', entries: 2, modified: iso(3600), filled_by: 'comptoir-batch import' },
    { kind: 'logs', path: '/user/flume/logs', entries: 1, modified: iso(20), filled_by: 'comptoir-logship ship' },
    { kind: 'bronze', path: '/bronze/transactions', entries: 41, modified: iso(4), filled_by: 'comptoir-speed archive' },
    { kind: 'silver', path: '/silver', entries: 0, modified: null, filled_by: 'comptoir-batch views run' },
    { kind: 'gold', path: GOLD, entries: null, modified: null, filled_by: 'comptoir-batch views run' }];

const SALES = '/user/sqoop/sales';
const entry = (name, bytes, rows = null, size = null) => ({
    name, kind: bytes === null ? 'directory' : 'file', bytes, modified: iso(3600), owner: 'comptoir', rows, size });
const about = (path) => ({ location: `hdfs://namenode:8020${path}`, roots: [], directory: null, file: null, as_of: asOf() });

/** What lies at a path; `damaged` imports are not as their manifest says. */
export function lake(path, { damaged = false, cursor = null } = {}) {
    if (!path) return { ...about('/'), roots: roots() };
    const directory = (entries, more = {}) => ({ ...about(path), directory: {
        path, root: '/user/sqoop', entries, total_entries: entries.length,
        total_bytes: entries.reduce((sum, it) => sum + (it.bytes ?? 0), 0), next_cursor: null, import: null, ...more } });
    const file = (bytes, more) => ({ ...about(path), file: {
        path, root: '/user/sqoop', bytes, modified: iso(3600), owner: 'comptoir', text: null, is_whole: false, table: null,
        not_read: null, segment: null, ...more } });
    if (path === '/user/sqoop') return directory([entry('.comptoir', null), entry('sales', null)]);
    if (path === SALES) {
        const size = (name) => (damaged && name === 'part-m-00001' ? 'differs' : 'as_expected');
        const parts = [0, 1, 2, 3].map((number) => `part-m-0000${number}`);
        return directory([entry('_SUCCESS', 0), entry('_manifest-1', 7_812),
            ...parts.map((name, number) => entry(name, 132_000 + number, 706, size(name)))], { import: {
            manifest: '_manifest-1',
            facts: { run: '20261122T021600Z-6f1c90a2', table: 'sales', imported_at: iso(3600), parts: 4, rows: 2_824,
                bytes: 528_006 },
            differences: damaged ? ['part-m-00001 has 132001 bytes, the manifest says 132000'] : [] } });
    }
    if (path === `${SALES}/part-m-00000`) {
        return file(132_000, { text: '10107,30,95.7,2,2871,<b>not bold</b>\n10121,34,81.35,5,2765.9,…\n' });
    }
    if (path === '/user/flume/logs') return directory([entry('app.log', null)]);
    if (path === '/user/flume/logs/app.log') {
        const names = Array.from({ length: 30 }, (_, at) => entry(`segment-${String(at).padStart(8, '0')}-1f2e3d4c.zst`, 812));
        const rest = names.filter((it) => !cursor || it.name > cursor);
        const shown = rest.slice(0, 20);
        return directory(shown, { total_entries: 30, total_bytes: 30 * 812,
            next_cursor: rest.length > shown.length ? shown.at(-1).name : null });
    }
    if (path === '/user/flume/logs/app.log/segment-00000000-1f2e3d4c.zst') {
        return file(812, { text: '{"level":"INFO"}\n', is_whole: true, segment: {
            manifest: '/user/flume/logs/app.log/manifest-00000000', size: 'as_expected',
            facts: { log: 'app.log', start: 0, end: 8210, lines: 61, from: iso(7200), to: iso(3600), sealed_at: iso(3000),
                sha256: hash } } });
    }
    if (path === '/user/sqoop/x.parquet') {
        return file(4_096, { table: { columns: ['customer', 'total_spent'], total_rows: 92,
            rows: [['Épicerie <i>du Port</i>', '912294.11'], ['Land of Toys', null]] } });
    }
    const detail = `the lake has no ${path}`;
    return { type: '/problems/not-found', title: 'there is nothing here', status: 404, detail,
        hint: 'it is filled by `comptoir-batch views run`' };
}
