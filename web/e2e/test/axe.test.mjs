// axe-core finds nothing on any page, in both themes and both languages: as it opens, and with every table,
// list and disclosure in it open.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { violationsInBothThemes } from '../lib/axe.mjs';
import { history } from '../lib/fake_history.mjs';
import { fakeServer, message } from '../lib/fake.mjs';
import { pageTest } from '../lib/suite.mjs';
import { trouble } from '../lib/trouble.mjs';

const well = await fakeServer({ live: () => message(Date.now()) });
const ill = await fakeServer({ ...trouble, history });
// A server that is silent is news of its own.
const beat = setInterval(() => {
    well.send(message(Date.now()));
    ill.send(trouble.live());
}, 1000);
after(() => {
    clearInterval(beat);
    return Promise.all([well.end(), ill.end()]);
});

const PAGES = [
    ['live', '[data-figure="day_before"]', well],
    ['live', '.banner[data-state="gap"]', ill],
    ['history', '#by-month svg [data-point]', ill],
    ['data', '#batch-views tbody tr', ill],
    ['data?letter=7d8c1e0a-fake/1/11999', '.letter pre', ill],
    ['lake', '[data-root]', ill],
    ['lake?path=/user/sqoop/sales', '#import', ill],
    ['lake?path=/user/sqoop/x.parquet', 'main table', ill],
    ['logs', '#log-lines tbody tr', ill],
    ['jobs', '[data-job]', ill],
    ['health', '[data-part]', ill],
    ['journal', '#journal tbody tr', ill],
];

for (const [hash, shown, server] of PAGES) {
    for (const locale of ['en-GB', 'fr-FR']) {
        const how = server === well ? 'all is well' : 'much is wrong';
        pageTest(`axe-core finds nothing on #/${hash} while ${how} (${locale})`, async (page) => {
            await page.goto(`${server.url}/#/${hash}`);
            await page.locator(shown).first().waitFor();
            if (hash === 'logs') {
                await page.locator('.search button').click();
                await page.locator('[data-figure="log_found"]').waitFor();
            }
            assert.deepEqual(await violationsInBothThemes(page), [], 'as it opens');
            await openEverything(page);
            assert.deepEqual(await violationsInBothThemes(page), [], 'with everything open');
            if (hash === 'live') {
                await page.locator('.made-button').first().click();
                await page.locator('dialog[open]').waitFor();
                assert.deepEqual(await violationsInBothThemes(page), [], 'with the explanation of a figure');
            }
        }, { locale, reducedMotion: 'reduce' });
    }
}

/** Charts as tables, lists paused, and what is behind a disclosure. */
async function openEverything(page) {
    for (const selector of ['main .toggle[aria-pressed="false"]', 'main details:not([open]) > summary']) {
        const closed = page.locator(selector);
        while (await closed.count()) await closed.first().click();
    }
}
