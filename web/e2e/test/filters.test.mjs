// The history narrowed down: by clicks, by lists, by days; its address, the way back, and its files.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { baseUrl, openHistory, screenshot } from '../lib/browser.mjs';
import { parseCsv } from '../lib/csv.mjs';
import { cents, COUNTS, expected, MONEY } from '../lib/expected.mjs';
import { pageTest } from '../lib/suite.mjs';

/** Waits until the figures are of these filters, and holds them against the CSV. */
async function holds(page, filters, truth) {
    await page.locator(`.figures[data-filters="${filters}"]:not([aria-busy])`).waitFor();
    for (const name of COUNTS) {
        const value = await page.locator(`.tile [data-figure="${name}"]`).getAttribute('data-value');
        assert.equal(BigInt(value), truth.summary[name], name);
    }
    for (const name of MONEY) {
        const value = await page.locator(`.tile [data-figure="${name}"]`).getAttribute('data-value');
        assert.equal(cents(value), truth.summary[name], name);
    }
    assert.equal(await page.locator('[data-figure="period"]').getAttribute('data-value'), truth.period);
}

const bar = (page, panel, group) => page.locator(`${panel} svg [data-group="${group}"]`);
const chips = (page) => page.locator('.chip[data-filter]').evaluateAll((all) => all.map((chip) => chip.dataset.filter));

pageTest('clicks narrow down, the address shows another person the same, and the back button leads back',
    async (page, { context, complaints }) => {
        const spanish = await expected((row) => row.COUNTRY === 'Spain');
        const shipped = await expected((row) => row.COUNTRY === 'Spain' && row.STATUS === 'Shipped');
        await openHistory(page);
        await bar(page, '#breakdown', 'Spain').click();
        await holds(page, 'country=Spain', spanish);
        await page.locator('#breakdown input[value="status"]').check({ force: true });
        await bar(page, '#breakdown', 'Shipped').focus();
        await page.keyboard.press('Enter');
        await holds(page, 'country=Spain&status=Shipped', shipped);
        assert.deepEqual(await chips(page), ['country=Spain', 'status=Shipped']);
        assert.match(page.url(), /#\/history\?country=Spain&status=Shipped$/);
        await screenshot(page, 'history-filtered');

        const other = await context.newPage();
        await other.goto(page.url());
        await holds(other, 'country=Spain&status=Shipped', shipped);
        await other.close();

        await page.goBack();
        await holds(page, 'country=Spain', spanish);
        await page.locator('.chip[data-filter="country=Spain"]').click();
        await holds(page, '', await expected());
        assert.equal(await page.locator('.chip').count(), 0);
        assert.deepEqual(complaints, []);
    });

pageTest('lists, months and days combine, and what fits nothing says so', async (page, { complaints }) => {
    const all = await expected();
    const month = all.last.slice(0, 7);
    await openHistory(page);
    await page.locator('select[name="product_line"]').selectOption({ label: 'Cookware' });
    await page.locator('select[name="product_line"]').selectOption({ label: 'Garden' });
    await holds(page, 'product_line=Cookware&product_line=Garden',
        await expected((row) => ['Cookware', 'Garden'].includes(row.PRODUCTLINE)));
    await page.locator('select[name="period"]').selectOption({ label: 'Last month of the data' });
    const last = (row, day) => ['Cookware', 'Garden'].includes(row.PRODUCTLINE) && day.startsWith(month);
    const ends = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).toISOString().slice(0, 10);
    await holds(page, `product_line=Cookware&product_line=Garden&from=${month}-01&to=${ends}`, await expected(last));
    await page.locator('input[name="to"]').fill('');
    await page.locator('select[name="period"]').selectOption({ label: 'All of it' });
    // Its links lead from there.
    await holds(page, 'product_line=Cookware&product_line=Garden',
        await expected((row) => ['Cookware', 'Garden'].includes(row.PRODUCTLINE)));
    await page.locator('#by-month .toggle').click();
    await page.locator(`#by-month tr[data-group="${month}"] th a`).click();
    await holds(page, `month=${month}&product_line=Cookware&product_line=Garden`, await expected(last));

    await page.goto(`${baseUrl()}/#/history?country=Narnia`);
    const notice = page.locator('.notice[data-state="no-line-fits"]');
    await notice.waitFor();
    assert.match(await notice.innerText(), /No order line fits/);
    assert.equal(await page.locator('.tile').count(), 0);
    await notice.getByRole('link').click();
    await holds(page, '', all);
    assert.deepEqual(complaints, []);
});

pageTest('a chart is a file with the filters of the page', async (page) => {
    const truth = await expected((row) => row.STATUS !== 'Shipped' && ['Spain', 'UK'].includes(row.COUNTRY));
    const states = [...truth.by.status.keys()].sort();
    const query = ['country=Spain', 'country=UK', ...states.map((state) => `status=${encodeURIComponent(state)}`)];
    await page.goto(`${baseUrl()}/#/history?${query.join('&')}`);
    await holds(page, query.join('&'), truth);
    const link = page.locator('#by-month').getByRole('link', { name: 'Save as CSV: Sales by month' });
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    assert.match(download.suggestedFilename(), /^comptoir-history-by-month-\d{8}T\d{6}Z\.csv$/);
    const text = await readFile(await download.path(), 'utf8');
    assert.equal(text[0], '\ufeff');
    const rows = parseCsv(text.slice(1), 'the file');
    assert.deepEqual(rows.map((row) => row.month), [...truth.by.month.keys()].sort());
    for (const row of rows) {
        const of = truth.by.month.get(row.month);
        for (const name of COUNTS) assert.equal(BigInt(row[name]), of[name], `${row.month} ${name}`);
        for (const name of MONEY) {
            assert.equal(row[name] === '' ? null : cents(row[name]), of[name], `${row.month} ${name}`);
        }
    }
});
