// A new import appears without a reload, and what the user opened stays open.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { openHistory } from '../lib/browser.mjs';
import { pageTest } from '../lib/suite.mjs';

const API = '**/api/v1/history/**';
const NEXT_RUN = '20991231T235959Z-0000abcd';

pageTest('a new import keeps scroll, focus, tables and explanations', async (page) => {
    await openHistory(page);
    const lines = page.locator('.tile [data-figure="lines"]');
    const before = BigInt(await lines.getAttribute('data-value'));
    await page.locator('.tile details summary').first().click();
    await page.locator('#by-product-line .toggle').click();
    await page.locator('#breakdown input[value="status"]').check({ force: true });
    const point = page.locator('#by-month svg [data-point]').nth(3);
    await point.focus();
    const group = await point.getAttribute('data-group');
    await page.evaluate(() => scrollTo({ top: 300, behavior: 'instant' }));
    // What the eye rests on: the scroll position itself may follow a line that wraps further up.
    const inView = () => page.locator('#by-month svg').evaluate((svg) => svg.getBoundingClientRect().top);
    const top = await inView();
    await page.evaluate(() => { document.body.dataset.sameDocument = 'yes'; });

    // The server's own answers, as if they came of a later import with one line more.
    await page.route(API, async (route) => {
        const headers = { ...route.request().headers() };
        delete headers['if-none-match'];
        const response = await route.fetch({ headers });
        const answer = await response.json();
        answer.import.run = NEXT_RUN;
        if (answer.lines !== undefined) answer.lines += 1;
        await route.fulfill({ json: answer });
    });
    await page.locator(`#lake [data-figure="run"][data-value="${NEXT_RUN}"]`).waitFor();

    assert.equal(BigInt(await lines.getAttribute('data-value')), before + 1n);
    assert.equal(await page.evaluate(() => document.body.dataset.sameDocument), 'yes');
    const moved = Math.abs(await inView() - top);
    assert.ok(moved < 1, `the chart in view moved by ${moved} px`);
    assert.ok(await page.locator('.tile details[open]').first().isVisible());
    assert.ok(await page.locator('#by-product-line table').isVisible());
    assert.equal(await page.locator('#breakdown input:checked').getAttribute('value'), 'status');
    assert.equal(await page.evaluate(() => document.activeElement.dataset.group), group);
});

pageTest('an unchanged import is asked for by its ETag and not sent again', async (page) => {
    const known = page.waitForResponse((response) => response.status() === 304);
    await openHistory(page);
    const response = await known;
    assert.match(response.url(), /\/history\/summary$/);
});

// IMPORT_COMMAND runs a job that imports the same table again, as the operator's cron does.
if (process.env.IMPORT_COMMAND) {
    pageTest('what a job imports meanwhile appears without a reload', async (page) => {
        await openHistory(page);
        const run = page.locator('#lake [data-figure="run"]');
        const before = await run.getAttribute('data-value');
        await promisify(execFile)('bash', ['-c', process.env.IMPORT_COMMAND]);
        await page.locator(`#lake [data-figure="run"]:not([data-value="${before}"])`).waitFor();
    });
}
