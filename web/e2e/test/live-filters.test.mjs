// The list of transactions narrowed down, while all other figures go on.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after } from 'node:test';
import { screenshot } from '../lib/browser.mjs';
import { parseCsv } from '../lib/csv.mjs';
import { fakeServer, message } from '../lib/fake.mjs';
import { openLive } from '../lib/reading.mjs';
import { pageTest } from '../lib/suite.mjs';

const state = { live: () => message(Date.now()) };
const server = await fakeServer(state);
after(() => server.end());

const listed = (page) => page.locator('#transactions ol.transactions li').evaluateAll(
    (all) => all.map((row) => ({ id: row.dataset.event, status: row.dataset.status })));

async function filtered(page, query) {
    await page.locator(`ol.transactions[data-filters="${query}"] li`).first().waitFor();
    const fitting = new URLSearchParams(query);
    const expected = message(0).transactions
        .filter((row) => [...fitting].every(([name, value]) => row[name] === value));
    await page.waitForFunction(
        (ids) => [...document.querySelectorAll('ol.transactions li')].map((row) => row.dataset.event).join() === ids,
        expected.slice(0, 20).map((row) => row.event_id).join());
    assert.ok(expected.length > 0 && expected.length < 50, query);
    return expected;
}

pageTest('filters are set by lists and words, shown as chips, and kept by the address',
    async (page, { context, complaints }) => {
        await openLive(page, server.url);
        assert.equal((await listed(page)).length, 20);
        await page.locator('#transaction-filters summary').click();
        await page.locator('#transaction-filters select[name="status"]').selectOption('REFUNDED');
        await filtered(page, 'status=REFUNDED');
        await page.locator('#transaction-filters input[name="city"]').fill('Lyon');
        await page.keyboard.press('Enter');
        await filtered(page, 'city=Lyon&status=REFUNDED');
        assert.match(page.url(), /#\/live\?city=Lyon&status=REFUNDED$/);
        assert.equal(await page.locator('.tile').count(), 6, 'the figures go on');
        await screenshot(page, 'live-filtered');

        const other = await context.newPage();
        await other.goto(page.url());
        const both = await filtered(other, 'city=Lyon&status=REFUNDED');
        const link = other.locator('#transactions').getByRole('link', { name: 'Save as CSV: Transactions' });
        const [download] = await Promise.all([other.waitForEvent('download'), link.click()]);
        const rows = parseCsv(await readFile(await download.path(), 'utf8'), 'the file');
        assert.deepEqual(rows.map((row) => row.event_id), both.map((row) => row.event_id));
        await other.close();

        await page.goBack();
        await filtered(page, 'status=REFUNDED');
        await page.locator('.chip[data-filter="status=REFUNDED"]').click();
        await page.waitForFunction(() => document.querySelectorAll('ol.transactions li').length === 20);
        assert.equal(await page.locator('.chip').count(), 0);
        assert.deepEqual(complaints, []);
    });

pageTest('what fits nothing says so, in French as well', async (page) => {
    await page.goto(`${server.url}/#/live?status=PENDING&city=Brest`);
    await page.locator('#transactions .nothing', { hasText: 'Aucune des dernières transactions' }).waitFor();
    assert.deepEqual(await page.locator('.chip[data-filter]').allTextContents(),
        ['Ville\u00a0: Brest×', 'État\u00a0: en attente×']);
}, { locale: 'fr-FR' });
