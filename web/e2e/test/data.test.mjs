// The Data page: what it counts against the transport's raw records, and what it says of everything
// that can be wrong.

import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { baseUrl, screenshot } from '../lib/browser.mjs';
import { broken, reconcile } from '../lib/fake_data.mjs';
import { fakeServer } from '../lib/fake.mjs';
import { shownCount } from '../lib/locale.mjs';
import { transport } from '../lib/records.mjs';
import { pageTest } from '../lib/suite.mjs';

const state = {};
const server = await fakeServer(state);
after(() => server.end());

async function open(page, changes = {}, url = server.url) {
    for (const name of Object.keys(state)) delete state[name];
    Object.assign(state, changes);
    await page.goto(`${url}/#/data`);
}

const problem = (status, type, detail, hint) => ({ type, title: 'a problem', status, detail, hint });

/** Both tables of the partitions and the figures above them, of one answer. */
const read = (page) => page.evaluate(() => {
    const figures = (within) => Object.fromEntries([...within.querySelectorAll('[data-figure]')]
        .map((it) => [it.dataset.figure, { value: Number(it.dataset.value), shown: it.innerText }]));
    const rows = (id) => [...document.querySelectorAll(`#${id} tr[data-row]`)].map((row) => ({
        place: row.dataset.row, ...figures(row) }));
    return { sums: figures(document.querySelector('#verdict .figures-row')), offsets: rows('offsets'),
        became: rows('became'), complete: document.querySelector('[data-figure="complete"]').dataset.value };
});

for (const locale of ['en-GB', 'fr-FR']) {
    pageTest(`every raw record is accounted for (${locale})`, async (page, { complaints }) => {
        const raw = transport();
        await page.goto(`${baseUrl()}/#/data`);
        await page.locator('#became tr[data-row]').first().waitFor();
        const shown = await read(page);
        assert.ok(shown.became.length > 0);
        for (const [at, row] of shown.became.entries()) {
            const next = shown.offsets[at];
            assert.equal(next.place, row.place);
            const records = await raw.read(row.partition.value, next.next.value);
            const { accepted, rejected, duplicates } = row;
            assert.equal(accepted.value + rejected.value + duplicates.value, records.length, row.place);
            assert.equal(row.dead_letters.value, rejected.value);
            const language = locale.slice(0, 2);
            assert.equal(shownCount(accepted.shown, language), BigInt(accepted.value));
            assert.equal(shownCount(next.next.shown, language), BigInt(next.next.value));
        }
        const sum = (name) => shown.became.reduce((all, row) => all + row[name].value, 0);
        for (const name of ['accepted', 'rejected', 'duplicates']) assert.equal(shown.sums[name].value, sum(name), name);
        assert.equal(shown.sums.records.value, sum('accepted') + sum('rejected') + sum('duplicates'));
        assert.equal(shown.complete, 'true');
        const letters = await (await page.request.get(`${baseUrl()}/api/v1/dead-letters?limit=1`)).json();
        assert.ok(letters.count.total >= sum('rejected'));
        assert.deepEqual(complaints, []);
    }, { locale });
}

describe('the verdict', () => {
    pageTest('is a sentence, with the look at the log and the archive', async (page) => {
        await open(page);
        const verdict = page.locator('#verdict');
        assert.match(await verdict.innerText(), /Complete up to \d\d:\d\d:\d\d: 36,412 records, no difference/);
        assert.match(await verdict.innerText(), /log and the archive were looked at 2.min ago, and agreed/);
        assert.equal(await verdict.locator('li').count(), 0);
    });

    pageTest('names each difference, hole and what nobody has looked at', async (page) => {
        await open(page, { reconcile: broken });
        const verdict = page.locator('#verdict');
        assert.match(await verdict.innerText(), /Not complete[^]*1 difference, 1 hole/);
        assert.match(await verdict.locator('[data-difference="log_end"]').innerText(), /End of the log: .*12000/);
        assert.match(await verdict.locator('[data-gap]').innerText(), /partition 2, offsets 10 to 20/);
        assert.match(await verdict.locator('[data-unchecked]').innerText(), /Not looked at: the log and the archive/);
        const bad = await page.locator('#offsets .bad, #became .bad').allInnerTexts();
        assert.equal(bad.length, 2, 'the hole and the difference stand out');
        await screenshot(page, 'data-broken');
    });

    pageTest('without any record says the command that brings some', async (page) => {
        await open(page, { reconcile: () => reconcile({ partitions: [], records: 0, fresh_through: null }) });
        const notice = page.locator('.notice[data-state="empty"]');
        assert.match(await notice.locator('code').innerText(), /comptoir-speed simulate/);
        assert.equal(await page.locator('#verdict').count(), 0);
    });

    pageTest('while the warehouse is away the last one stays, and the rest goes on', async (page) => {
        await open(page, { reconcile: () => problem(503, '/problems/warehouse-unavailable', 'connection refused', 'start it') });
        assert.match(await page.locator('.notice[data-state="down"]').innerText(), /warehouse does not answer[^]*connection refused/);
        await page.locator('#batch-views tr[data-row]').first().waitFor();
        delete state.reconcile;
        await page.locator('#verdict').waitFor();
        state.reconcile = () => problem(503, '/problems/warehouse-unavailable', 'gone again', 'start it');
        await page.locator('.banner[data-state="reconnecting"]').waitFor();
        assert.ok(await page.locator('#verdict').isVisible());
    });
});

describe('dead letters', () => {
    pageTest('are filtered by reason, and each shows its record and the way back', async (page, { complaints }) => {
        await open(page);
        const rows = page.locator('#dead-letters tr[data-row]');
        await rows.first().waitFor();
        assert.equal(await rows.count(), 15);
        await page.locator('#dead-letters label', { hasText: 'out_of_range' }).click();
        await page.waitForFunction(() => document.querySelectorAll('#dead-letters tr[data-row]').length === 5);
        await rows.first().locator('a').click();
        const letter = page.locator('[data-letter]');
        await letter.locator('[data-record="text"]').waitFor();
        // Nothing of a record is HTML.
        assert.equal(await letter.locator('img').count(), 0);
        assert.match(await letter.innerText(), /<img src=x onerror=alert\(1\)>/);
        assert.match(await letter.innerText(), /dead-letters replay 7d8c1e0a-fake\/0\/12000 --file/);
        await screenshot(page, 'data-letter');
        const address = page.url();
        await page.goBack();
        await letter.waitFor({ state: 'detached' });
        await page.goto('about:blank');
        await page.goto(address);
        await letter.locator('[data-record="text"]').waitFor();
        assert.deepEqual(complaints, []);
    });

    pageTest('none is said as such', async (page) => {
        await open(page, { letters: () => ({ as_of: { time: new Date().toISOString(), offsets: [] },
            count: { total: 0, newest_at: null, by_reason: [] }, letters: [] }) });
        const nothing = page.locator('#dead-letters [data-state="empty"]');
        await nothing.waitFor();
        assert.match(await nothing.innerText(), /None/);
    });
});

pageTest('rules that are broken come first, and failed views say why', async (page) => {
    await open(page);
    const rules = page.locator('#rules tr[data-row]');
    await rules.first().waitFor();
    const names = await rules.evaluateAll((all) => all.map((row) => row.dataset.row));
    assert.deepEqual(names, ['amounts are sane', 'as last week', 'a customer is named']);
    assert.match(await rules.first().innerText(), /sets aside[^]*2026-11-22[^]*12,112[^]*17/);
    const failed = page.locator('#batch-views tr[data-row="silver_transactions"]');
    assert.match(await failed.innerText(), /1.day ago[^]*reference \/reference\/products does not exist/);
    const never = page.locator('#batch-views tr[data-row="baskets"] [data-figure="rows"]');
    assert.equal(await never.count(), 0, 'no number is made up');
});

pageTest('without rules and views it says what computes them, and asks for none', async (page, { requests }) => {
    await open(page, { views: () => ({ views: [] }) });
    const nothing = page.locator('#rules [data-state="empty"]');
    await nothing.waitFor();
    assert.deepEqual(await nothing.locator('code').allInnerTexts(), ['views.quality_file', 'comptoir-batch views run']);
    assert.ok(await page.locator('#batch-views [data-state="empty"]').isVisible());
    assert.deepEqual(requests.filter((url) => url.includes('/views/')), []);
});
