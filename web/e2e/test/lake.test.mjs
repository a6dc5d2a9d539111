// The Lake page: the import against the CSV, the way down and back, and what is said of damage.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { baseUrl, needed, screenshot } from '../lib/browser.mjs';
import { readCsv } from '../lib/csv.mjs';
import { lake } from '../lib/fake_data.mjs';
import { fakeServer } from '../lib/fake.mjs';
import { shownCount } from '../lib/locale.mjs';
import { pageTest } from '../lib/suite.mjs';

const state = {};
const server = await fakeServer(state);
after(() => server.end());

async function open(page, path = '', changes = {}) {
    for (const name of Object.keys(state)) delete state[name];
    Object.assign(state, changes);
    await page.goto(`${server.url}/#/lake${path && `?path=${path}`}`);
}

pageTest('the import has the rows of the CSV, and is reached by clicks', async (page, { complaints }) => {
    const csv = await readCsv(needed('CSV', 'the file that was imported'));
    const summary = await (await page.request.get(`${baseUrl()}/api/v1/history/summary`)).json();
    const target = summary.import.location.replace(/^[a-z]+:\/\/[^/]*/, '');
    await page.goto(`${baseUrl()}/#/lake`);
    // A local lake has the directory of the machine before the path of the lake.
    const root = page.locator('[data-root]').first();
    const path = await root.getAttribute('data-root');
    assert.ok(target.includes(path), `${target} lies below ${path}`);
    await root.locator('a').click();
    const name = target.split('/').at(-1);
    await page.locator(`#entries tr[data-row="${name}"] a`).click();
    await page.locator('#import[data-state="as-expected"]').waitFor();
    const parts = await page.locator('#entries tr[data-row^="part-m-"]').evaluateAll((rows) => rows.map((row) => ({
        name: row.dataset.row,
        ...Object.fromEntries([...row.querySelectorAll('[data-figure]')].map((cell) => [cell.dataset.figure, cell.dataset.value])),
        shown: row.querySelector('[data-figure="rows"]').innerText })));
    assert.equal(parts.reduce((sum, part) => sum + Number(part.rows), 0), csv.length);
    for (const part of parts) {
        assert.equal(shownCount(part.shown, 'en'), BigInt(part.rows));
        const known = summary.import.parts.find((it) => it.name === part.name);
        assert.equal(Number(part.bytes), known.bytes);
    }
    assert.match(await page.locator('#import').innerText(), new RegExp(`${csv.length.toLocaleString('en')} rows of sales`));

    const part = `#entries tr[data-row="${parts[0].name}"] a`;
    await page.locator(part).click();
    const text = await page.locator('#file pre').innerText();
    assert.ok(csv.some((row) => text.includes(row.CUSTOMERNAME)), text.slice(0, 200));
    await page.goBack();
    await page.locator(part).waitFor();
    await page.goBack();
    await page.goBack();
    await page.locator('[data-root]').first().waitFor();
    assert.deepEqual(complaints, []);
});

pageTest('an empty directory says the command that fills it', async (page) => {
    await open(page);
    const gold = page.locator('[data-root="/gold"]');
    assert.equal(await gold.getAttribute('data-state'), 'empty');
    assert.match(await gold.innerText(), /Nothing yet[^]*comptoir-batch views run/);
    assert.equal(await gold.locator('a').count(), 0);
    assert.match(await page.locator('[data-root="/bronze/transactions"]').innerText(), /41 entries/);
});

pageTest('an import that is damaged says what is not as its manifest says', async (page) => {
    await open(page, '/user/sqoop/sales', { lake: (path) => lake(path, { damaged: true }) });
    const said = page.locator('#import[data-state="differs"]');
    assert.match(await said.innerText(), /One file is not as the manifest says[^]*132001 bytes/);
    assert.match(await page.locator('tr[data-row="part-m-00001"] .bad').getAttribute('title'), /another size/);
    await screenshot(page, 'lake-damaged');
});

pageTest('a large directory has pages, and a file is text and nothing else', async (page, { complaints }) => {
    await open(page, '/user/flume/logs/app.log');
    const rows = page.locator('#entries tr[data-row]');
    await rows.nth(19).waitFor();
    await page.getByRole('button', { name: 'Next page' }).click();
    await page.waitForFunction(() => document.querySelectorAll('#entries tr[data-row]').length === 10);
    await page.getByRole('button', { name: 'Back to the first' }).click();
    await page.waitForFunction(() => document.querySelectorAll('#entries tr[data-row]').length === 20);
    await rows.first().locator('a').click();
    assert.match(await page.locator('#segment').innerText(), /Lines[^]*61[^]*manifest-00000000/);
    await page.locator('.way a', { hasText: /^Lake$/ }).click();
    await page.locator('[data-root="/user/sqoop"] a').click();
    await page.locator('tr[data-row="sales"] a').click();
    await page.locator('tr[data-row="part-m-00000"] a').click();
    const content = page.locator('#file pre');
    assert.match(await content.innerText(), /<b>not bold<\/b>/);
    assert.equal(await content.locator('b').count(), 0);
    assert.match(await page.locator('#file').innerText(), /Only the beginning/);
    await page.goto(`${server.url}/#/lake?path=/user/sqoop/x.parquet`);
    await page.locator('#file table').waitFor();
    assert.deepEqual(await page.locator('#file td').allInnerTexts(),
        ['Épicerie <i>du Port</i>', '912294.11', 'Land of Toys', '–']);
    assert.deepEqual(complaints, []);
});

pageTest('a lake that is away is named with its cure, and the page fills by itself', async (page) => {
    await open(page, '/user/sqoop/sales', { lake: () => ({ type: '/problems/lake-unavailable', title: 'away', status: 503,
        detail: 'hdfs://namenode:8020: connection refused', hint: 'start it: `compose/services up hdfs`' }) });
    const notice = page.locator('.notice[data-state="down"]');
    assert.match(await notice.innerText(), /lake cannot be reached[^]*namenode:8020[^]*compose\/services up hdfs/);
    delete state.lake;
    await page.locator('#import').waitFor();
    await page.goto(`${server.url}/#/lake?path=/gold/none`);
    assert.match(await notice.innerText(), /the lake has no \/gold\/none/);
});
