// What the Live, Logs, Jobs and Health pages say when something is missing, late, down or away. A server of
// the test's own shows the built page and says what no real service can be made to say at will.

import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { screenshot } from '../lib/browser.mjs';
import { fakeServer, health, logs, message, runNow, search } from '../lib/fake.mjs';
import { shownCents } from '../lib/locale.mjs';
import { openLive } from '../lib/reading.mjs';
import { pageTest } from '../lib/suite.mjs';

const state = {};
const server = await fakeServer(state);
after(() => server.end());

/** A test with a message that its server gives to whoever connects. */
const onLive = (name, changes, check, options) =>
    pageTest(name, async (page, opened) => {
        Object.assign(state, { live: () => message(Date.now(), 0, changes()), health, logs, letters: undefined });
        await openLive(page, server.url);
        await check(page, opened);
    }, options);

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const banner = (page, name) => page.locator(`.banner[data-state="${name}"]`);

describe('the live page', () => {
    onLive('says how new it is, and how each figure is made', () => ({}), async (page, { complaints }) => {
        await page.locator('.news[data-news="live"]').waitFor();
        assert.match(await page.locator('.news').innerText(), /up to \d\d:\d\d:\d\d, \d\.\d.s ago/);
        assert.equal(await page.locator('.banner').count(), 0);
        await page.locator('.made-button').first().click();
        const dialog = page.locator('dialog[open]');
        assert.match(await dialog.innerText(), /Net revenue[^]*gross − refunds[^]*7d8c1e0a-fake[^]*Nothing, except/);
        await screenshot(page, 'live-made');
        await page.keyboard.press('Escape');
        await dialog.waitFor({ state: 'detached' }).catch(() => {});
        assert.equal(await page.locator('dialog[open]').count(), 0);
        assert.deepEqual(complaints, []);
    });

    onLive('a stopped sink is said at once, with the command that starts it', () => ({
        source: { state: 'stopped', since: ago(12.5), checked_at: ago(12.5), fresh_through: ago(130) },
    }), async (page) => {
        const text = await banner(page, 'stopped').innerText();
        assert.match(text, /No news for 1[2-9].s: the views sink is down/);
        assert.match(text, /comptoir-speed views/);
        assert.ok(await page.locator('.live.stale').isVisible(), 'the figures step back');
        const unseen = await page.locator('#per-minute [data-sight="unseen"]').count();
        assert.ok(unseen >= 2 && unseen <= 3, 'the minutes that are not seen are hatched');
        await screenshot(page, 'live-stopped');
    });

    onLive('a sink that is behind says by how much', () => ({
        source: { state: 'catching_up', partitions: [0, 1].map((partition) => ({
            stream: 's', partition, generation: 1, covered: 0, next: 10, log_end: 6210, fresh_through: ago(60),
            checked_at: ago(0), lag: 6200, lag_unit: 'records', ended: false })) },
    }), async (page) => {
        assert.match(await banner(page, 'catching-up').innerText(), /12,400 events behind/);
        assert.equal(await page.locator('.tile .at-least').count(), 4, 'sums are lower bounds');
    });

    onLive('a hole is named, in words and in the chart', () => ({
        source: { gaps: [{ stream: 's', partition: 2, kind: 'lost', start: 10, end: 20, found_at: ago(300) }] },
    }), async (page) => {
        assert.match(await banner(page, 'gap').innerText(), /A hole: partition 2, offsets 10 to 20/);
        const hole = page.locator('#per-minute [data-sight="hole"]');
        assert.equal(await hole.count(), 1);
        assert.match(await hole.getAttribute('aria-label'), /records lost/);
        assert.match(await page.locator('#per-minute svg').textContent(), /records lost/);
        assert.ok(await page.locator('.tile .at-least').first().isVisible());
        await screenshot(page, 'live-hole');
    });

    onLive('dead letters are counted at once and listed on demand', () => ({
        source: { dead_letters: { total: 3, newest_at: ago(5), by_reason: [['not_json', 3]] } },
    }), async (page) => {
        state.letters = () => ({
            as_of: { time: ago(0), offsets: [] }, count: { total: 3, newest_at: ago(5), by_reason: [] },
            letters: [{ stream: 's', partition: 1, offset: 77, found_at: ago(5), reason: 'not_json',
                detail: 'the record is not JSON: expected value at line 1 column 1', bytes: 12 }] });
        const calm = banner(page, 'dead-letters');
        assert.match(await calm.innerText(), /3 records could not be used[^]*comptoir-speed dead-letters ls/);
        await calm.locator('summary').click();
        const row = calm.locator('tr[data-reason="not_json"]');
        await row.waitFor();
        assert.match(await row.innerText(), /not_json[^]*expected value[^]*77/);
    });

    pageTest('without any event it says what fills it and the command that does', async (page) => {
        state.live = () => message(Date.now(), 0, { source: { state: 'empty' } });
        await page.goto(`${server.url}/#/live`);
        const notice = page.locator('[data-state="empty"]');
        await notice.waitFor();
        assert.match(await notice.locator('code').innerText(), /comptoir-speed simulate/);
        assert.equal(await page.locator('.tile').count(), 0, 'no figure is made up');
        await screenshot(page, 'live-empty');
    });

    pageTest('a warehouse that is away is named with its cure, and the page fills by itself', async (page) => {
        state.live = () => ({ type: '/problems/warehouse-unavailable', title: 'away', status: 503,
            detail: 'mysql://127.0.0.1:3306 does not answer', hint: 'start it: `compose/services up mariadb`' });
        await page.goto(`${server.url}/#/live`);
        const notice = page.locator('[data-state="down"]');
        await notice.waitFor();
        assert.match(await notice.innerText(), /warehouse does not answer[^]*127\.0\.0\.1:3306/);
        assert.equal(await notice.locator('code').innerText(), 'compose/services up mariadb');
        state.live = () => message(Date.now());
        await page.locator('.live[data-as-of]').waitFor();
    });

    onLive('the last figures stay while the server is away, and go on by themselves', () => ({}), async (page) => {
        const net = page.locator('[data-figure="net_revenue"]');
        const before = await net.innerText();
        state.live = () => ({ type: '/problems/timed-out', title: 'slow', status: 503, detail: 'slow' });
        server.cut();
        await banner(page, 'reconnecting').waitFor();
        await page.locator('.news[data-news="reconnecting"]').waitFor();
        assert.equal(await net.innerText(), before);
        await screenshot(page, 'live-reconnecting');
        state.live = () => message(Date.now(), 7);
        await banner(page, 'reconnecting').waitFor({ state: 'detached' });
        assert.notEqual(await net.innerText(), before);
    });

    onLive('a server that says nothing is not taken for a quiet shop', () => ({}), async (page) => {
        await page.locator('.news[data-news="reconnecting"]').waitFor();
        await page.locator('.news[data-news="live"]').waitFor();
    });

    for (const width of [360, 1440]) {
        onLive(`values that change move nothing (${width} px)`, () => ({}), async (page) => {
            const boxes = () => page.evaluate(() => [...document.querySelectorAll(
                '.tile, .tile h2, .tile .value, .panel, .panel h2, #per-minute svg, #transactions li:first-child, .settings button',
            )].map((element) => {
                const { x, y, width, height } = element.getBoundingClientRect();
                return [element.className, Math.round(x), Math.round(y), Math.round(width), Math.round(height)];
            }));
            const before = await boxes();
            for (let step = 1; step <= 20; step += 1) {
                server.send(message(Date.now(), step));
                await page.locator(`#transactions li[data-offset="${1000 + step}"]`).first().waitFor();
                assert.deepEqual(await boxes(), before, `step ${step}`);
            }
        }, { width });
    }

    onLive('a paused list stands still while the figures go on', () => ({}), async (page) => {
        const first = page.locator('#transactions li').first();
        const before = await first.getAttribute('data-offset');
        await page.locator('#transactions .toggle').click();
        const net = await page.locator('[data-figure="net_revenue"]').getAttribute('data-value');
        server.send(message(Date.now(), 50));
        await page.locator(`[data-figure="net_revenue"]:not([data-value="${net}"])`).waitFor();
        assert.equal(await first.getAttribute('data-offset'), before);
        await page.locator('#transactions .toggle').click();
        await page.locator('#transactions li[data-offset="1050"]').waitFor();
    });

    onLive('French is written for itself', () => ({
        source: { state: 'stopped', since: ago(12), checked_at: ago(12) },
    }), async (page) => {
        assert.equal(await page.locator('html').getAttribute('lang'), 'fr');
        const net = page.locator('[data-figure="net_revenue"]');
        assert.match(await net.innerText(), /^[\d\u202f]+,\d\d\u00a0€$/);
        assert.equal(shownCents(await net.innerText(), 'fr'),
            BigInt((await net.getAttribute('data-value')).replace('.', '')));
        assert.match(await banner(page, 'stopped').innerText(), /Pas de nouvelles depuis 1\d.s.: le consommateur des vues/);
        assert.match(await page.locator('main').innerText(), /Chiffre d’affaires net[^]*Panier moyen/);
    }, { locale: 'fr-FR' });
});

describe('the health page', () => {
    const withPart = (changes) => () => {
        const all = health();
        Object.assign(all.parts[0], changes);
        return all;
    };

    onLive('a part that is down is named on every page, and explained on its own', () => ({}), async (page) => {
        assert.equal(await page.locator('.badge').count(), 0);
        state.health = withPart({ state: 'down', cause: 'timed_out', detail: 'mntr: no answer within 2 s', facts: [] });
        await page.locator('.badge').waitFor();
        assert.match(await page.locator('.badge').innerText(), /1/);
        await page.locator('nav a[href="#/health"]').click();
        const part = page.locator('[data-part="zookeeper"][data-state="down"]');
        await part.waitFor();
        assert.match(await part.innerText(), /ZooKeeper[^]*down[^]*since[^]*took too long[^]*no answer within 2 s/);
        assert.match(await page.locator('[data-figure="health_summary"]').innerText(), /One of 6 parts is down/);
        await screenshot(page, 'health-down');
        state.health = health;
        await page.locator('[data-part="zookeeper"][data-state="up"]').waitFor();
    });

    onLive('what may not be asked is restricted, not down', () => ({}), async (page) => {
        state.health = withPart({ state: 'restricted', cause: 'not_whitelisted', facts: [] });
        await page.locator('nav a[href="#/health"]').click();
        const part = page.locator('[data-part="zookeeper"][data-state="restricted"]');
        await part.waitFor();
        assert.match(await part.innerText(), /restricted[^]*whitelist/);
        assert.equal(await page.locator('.badge').count(), 0);
    });
});

describe('the logs page', () => {
    onLive('shows what is safe in the lake, and the newest lines', () => ({}), async (page) => {
        await page.locator('nav a[href="#/logs"]').click();
        await page.locator('[data-figure="log_lines"][data-value="18234"]').waitFor();
        assert.equal(await page.locator('[data-figure="log_lines"]').innerText(), '18,234');
        assert.match(await page.locator('#log-lines').innerText(), /ERROR\s+logship\s+the lake does not answer/);
        await page.locator('#log-lines .toggle').click();
        const rows = await page.locator('#log-lines tbody tr').count();
        state.logs = () => ({ ...logs(), lines: [] });
        await page.waitForResponse((response) => response.url().endsWith('/logs/summary'));
        await page.waitForResponse((response) => response.url().endsWith('/logs/summary'));
        assert.equal(await page.locator('#log-lines tbody tr').count(), rows, 'paused');
        state.logs = () => ({ type: '/problems/logs-unavailable', title: 'away', status: 503, detail: 'refused' });
        await page.locator('[data-state="reconnecting"]').waitFor();
        assert.match(await page.locator('[data-state="reconnecting"]').innerText(), /log shipper does not answer/);
    });
});

describe('the search of the archive', () => {
    onLive('shows lines, minutes, neighbours and whether it is whole', () => ({}), async (page, { complaints }) => {
        const asked = [];
        state.search = (pattern, parameters) => {
            asked.push(Object.fromEntries(parameters));
            return search(pattern);
        };
        await page.locator('nav a[href="#/logs"]').click();
        await page.locator('.search input').fill('order 4711 & more');
        await page.locator('.search select[name="level"]').selectOption({ label: 'ERROR and worse' });
        await page.locator('.search select[name="range"]').selectOption({ label: 'in the last 24 hours' });
        await page.locator('.search button').click();
        await page.locator('[data-figure="log_found"][data-value="1204"]').waitFor();
        const [query] = asked;
        assert.deepEqual([query.pattern, query.level], ['order 4711 & more', 'ERROR']);
        assert.equal(Date.parse(query.to) - Date.parse(query.from), 24 * 3600 * 1000);
        const found = page.locator('#log-search');
        assert.match(await found.innerText(), /1,204 lines fit; 2.4.MB were read, the index ruled out 1.2.GB/);
        // 38 minutes from the first to the last, each a column.
        const columns = found.locator('.by-minute rect');
        assert.equal(await columns.count(), 38);
        const heights = await columns.evaluateAll((all) => all.map((bar) => Number(bar.dataset.value)));
        assert.deepEqual(heights.filter(Boolean), [5, 45, 85, 125, 165]);
        const rows = found.locator('tbody tr');
        assert.match(await rows.nth(0).innerText(), /no answer, order 4711 & more[^]*segment-00000012[^]*sealed and signed/);
        assert.match(await rows.nth(1).innerText(), /imported <b>12<\/b> rows/);
        await rows.nth(0).locator('summary').click();
        await rows.nth(0).locator('.around .it').waitFor();
        assert.match(await rows.nth(0).locator('.around').innerText(), /the line before\s+no answer\s+the line behind/);
        const verified = page.locator('#log-verified');
        await verified.locator('[data-source="till.log"][data-findings="1"]').waitFor();
        assert.match(await verified.innerText(), /app.log\s+nothing is missing[^]*till.log\s+one thing is not[^]*segment-00000003/);
        await screenshot(page, 'logs-search');
        state.search = () => ({ type: '/problems/invalid-parameter', title: 'no', status: 400, detail: 'pattern: `(` is none' });
        await page.locator('.search button').click();
        await found.getByText('pattern: `(` is none').waitFor();
        state.search = undefined;
        assert.deepEqual(complaints.filter((said) => !/400/.test(said)), []);
    });
});

describe('the jobs page', () => {
    onLive('says what ran, what failed and what is late', () => ({}), async (page, { complaints }) => {
        await page.locator('nav a[href="#/jobs"]').click();
        const sales = page.locator('[data-job="sales"][data-outcome="failed"]');
        await sales.waitFor();
        assert.match(await sales.innerText(), /failed · [^]*erp is away\nhint: <img onerror=x> start it/);
        assert.match(await sales.innerText(), /last done .*: its result is still served/);
        assert.equal(await sales.locator('.run-mark.down').count(), 1);
        assert.match(await page.locator('[data-job="stock"]').innerText(), /overdue: as a rule every 24.h, it was due/);
        assert.match(await page.locator('#views [data-job="view.live"]').innerText(), /^live\s+done · [^]* · 95.s · 2,823 rows, 579.2.kB/);
        assert.match(await page.locator('[data-job="customers"]').innerText(), /running/);
        await sales.locator('summary').click();
        await sales.locator('tbody tr').nth(2).waitFor();
        assert.match(await sales.locator('tbody').innerText(), /failed[^]*done[^]*ended without a word/);
        await screenshot(page, 'jobs');
        state.jobs = () => ({ time: new Date().toISOString(), jobs: [], run_now: runNow({ jobs: [] }) });
        await page.locator('#imports').getByText('comptoir-batch run --all').waitFor();
        state.jobs = undefined;
        assert.deepEqual(complaints, []);
    });
});

describe('the address', () => {
    onLive('keeps the page over a reload and the back button', () => ({}), async (page) => {
        await page.locator('nav a[href="#/health"]').click();
        await page.locator('[data-part]').first().waitFor();
        await page.reload();
        await page.locator('[data-part]').first().waitFor();
        assert.equal(await page.title(), 'Health · Comptoir');
        assert.equal(await page.locator('nav a[aria-current="page"]').getAttribute('href'), '#/health');
        await page.locator('nav a[href="#/live"]').click();
        await page.locator('.live').waitFor();
        await page.goBack();
        await page.locator('[data-part]').first().waitFor();
        await page.keyboard.press('Tab');
    });
});
