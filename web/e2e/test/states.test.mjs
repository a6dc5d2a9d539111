// What the page says when there is nothing to show, and while it cannot be refreshed.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { historyUrl, openHistory, screenshot } from '../lib/browser.mjs';
import { pageTest } from '../lib/suite.mjs';

const API = '**/api/v1/history/**';

const problem = (status, type, detail, hint) => ({
    status,
    contentType: 'application/problem+json',
    body: JSON.stringify({ type, title: 'a problem', status, detail, hint }),
});
const NO_IMPORT = problem(
    404, '/problems/no-import', 'the lake holds no import', 'comptoir-batch import --table sales');
const LAKE_AWAY = problem(
    503, '/problems/lake-unavailable', 'hdfs://127.0.0.1:8020: no answer within 10 s',
    'start it: `compose/services up hdfs`');

describe('without an import', () => {
    for (const locale of ['en-GB', 'fr-FR']) {
        pageTest(`the page says what fills it and the command that does (${locale})`, async (page) => {
            await page.route(API, (route) => route.fulfill(NO_IMPORT));
            await page.goto(historyUrl());
            const notice = page.locator('[data-state="empty"]');
            await notice.waitFor();
            assert.equal(await notice.locator('code').innerText(), 'comptoir-batch import --table sales');
            assert.equal(await page.locator('.tile').count(), 0, 'no figure is made up');
            await screenshot(page, `empty-${locale}`);
        }, { locale });
    }

    pageTest('it fills by itself once there is one', async (page) => {
        await page.route(API, (route) => route.fulfill(NO_IMPORT));
        await page.goto(historyUrl());
        await page.locator('[data-state="empty"]').waitFor();
        await page.unroute(API);
        await page.locator('.tile [data-figure="sales"]').waitFor();
    });
});

describe('while something is down', () => {
    pageTest('the part and the cure are named', async (page) => {
        await page.route(API, (route) => route.fulfill(LAKE_AWAY));
        await page.goto(historyUrl());
        const notice = page.locator('[data-state="down"]');
        await notice.waitFor();
        assert.match(await notice.innerText(), /lake cannot be reached/);
        assert.match(await notice.innerText(), /hdfs:\/\/127\.0\.0\.1:8020/);
        assert.equal(await notice.locator('code').innerText(), 'compose/services up hdfs');
        await screenshot(page, 'down');
    });

    pageTest('the last figures stay, and the page recovers by itself', async (page) => {
        await openHistory(page);
        const sales = page.locator('.tile [data-figure="sales"]');
        const before = await sales.innerText();
        await page.route(API, (route) => route.abort());
        const banner = page.locator('[data-state="reconnecting"]');
        await banner.waitFor();
        assert.match(await banner.innerText(), /server does not answer/);
        assert.equal(await sales.innerText(), before);
        await screenshot(page, 'reconnecting');
        await page.unroute(API);
        await banner.waitFor({ state: 'detached' });
        assert.equal(await sales.innerText(), before);
    });

    pageTest('figures that the server calls stale stay, with its reason', async (page) => {
        await page.route(API, async (route) => {
            const headers = { ...route.request().headers() };
            delete headers['if-none-match'];
            const answer = await (await route.fetch({ headers })).json();
            answer.stale = { since: '2026-01-02T03:04:05Z', problem: JSON.parse(LAKE_AWAY.body) };
            await route.fulfill({ json: answer });
        });
        await openHistory(page);
        const banner = page.locator('[data-state="reconnecting"]');
        assert.match(await banner.innerText(), /lake cannot be reached[^]*04:04:05/, 'in Paris');
    });

    pageTest('an answer nobody understands is not shown as figures', async (page) => {
        await page.route(API, (route) => route.fulfill({ status: 200, body: '<html>a proxy</html>' }));
        await page.goto(historyUrl());
        await page.locator('[data-state="down"]').waitFor();
    });
});

describe('a slow server', () => {
    pageTest('shows the shape of the page, and no figure yet', async (page) => {
        let release;
        const held = new Promise((resolve) => { release = resolve; });
        await page.route(API, async (route) => {
            await held;
            await route.continue();
        });
        await page.goto(historyUrl());
        await page.locator('#content .skeleton').first().waitFor();
        assert.equal(await page.locator('#content [data-figure]').count(), 0);
        release();
        await page.locator('.tile [data-figure="sales"]').waitFor();
        assert.equal(await page.locator('.skeleton').count(), 0);
    });
});
