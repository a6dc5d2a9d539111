// What operators and auditors do: run a job at once, read the journal, go back through dead letters.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { screenshot } from '../lib/browser.mjs';
import { letters } from '../lib/fake_data.mjs';
import { command, fakeServer, jobs, runNow } from '../lib/fake.mjs';
import { pageTest } from '../lib/suite.mjs';

const state = {};
const server = await fakeServer(state);
after(() => server.end());

async function open(page, place, changes = {}) {
    for (const name of Object.keys(state)) delete state[name];
    Object.assign(state, changes);
    await page.goto(`${server.url}/#/${place}`);
}

const rights = (...rights) => () => ({ kind: 'user', name: 'ada', role: 'viewer', rights });
const withCommands = (...commands) => () => ({ ...jobs(), run_now: runNow({ commands }) });

pageTest('a job is run once that is meant, and says who asked and what came of it', async (page, { complaints }) => {
    const asked = [];
    await open(page, 'jobs', { ask: (job) => {
        asked.push(job);
        const waiting = command(job, 'waiting');
        state.jobs = withCommands(waiting);
        return waiting;
    } });
    const sales = page.locator('[data-job="sales"]');
    await sales.getByRole('button', { name: 'Run now sales' }).click();
    await sales.getByText('Run sales now, besides its schedule?').waitFor();
    await sales.getByRole('button', { name: 'Cancel' }).click();
    await sales.locator('[data-run-now="button"]').waitFor();
    assert.deepEqual(asked, []);

    await sales.getByRole('button', { name: 'Run now sales' }).focus();
    await page.keyboard.press('Enter');
    await sales.locator('[data-run-now="question"]').waitFor();
    await screenshot(page, 'run-now');
    // The focus has stayed on the button.
    await page.keyboard.press('Enter');
    await sales.locator('[data-run-now="busy"]').waitFor();
    assert.deepEqual(asked, ['sales']);
    assert.ok(await sales.getByRole('button', { name: 'Asked for… sales' }).isDisabled());
    await sales.locator('[data-command="7"]').getByText(/asked for by olga, .*: waits/).waitFor();

    const said = 'the ERP is away\nhint: <img onerror=x> start it';
    state.jobs = withCommands(command('sales', 'failed', { said }));
    await sales.getByText(/asked for by olga, .*: failed/).waitFor();
    assert.match(await sales.innerText(), /the ERP is away\nhint: <img onerror=x>/);
    await sales.locator('[data-run-now="button"]').waitFor();

    state.ask = () => ({ type: '/problems/no-executor', title: 'nobody', status: 503, detail: 'it has just gone' });
    await sales.getByRole('button', { name: 'Run now sales' }).click();
    await sales.getByRole('button', { name: 'Yes, run it sales' }).click();
    await sales.getByText('it has just gone').waitFor();
    assert.deepEqual(complaints.filter((said) => !/503/.test(said)), []);
});

pageTest('while nobody would run a job the buttons say why, and viewers have none', async (page) => {
    const impossible = () => ({ ...jobs(), jobs: [], run_now: runNow({ is_possible: false, seen_at: null }) });
    await open(page, 'jobs', { jobs: impossible });
    await page.getByText('No job can be run from here').waitFor();
    // Jobs that never ran are there to be run.
    const stock = page.locator('[data-job="stock"]');
    assert.match(await stock.innerText(), /never ran/);
    const button = stock.getByRole('button');
    assert.ok(await button.isDisabled());
    const why = await button.getAttribute('aria-describedby');
    assert.match(await page.locator(`#${why}`).innerText(), /comptoir-batch serve/);

    await open(page, 'history', { session: rights('figures') });
    await page.goto(`${server.url}/#/jobs`);
    await page.reload();
    await page.locator('#account').waitFor();
    await page.locator('[data-job="sales"]').waitFor();
    assert.equal(await page.getByRole('button', { name: /Run now/ }).count(), 0);
});

pageTest('the journal leads from page to page, for those who may read it', async (page, { complaints }) => {
    await open(page, 'health');
    await page.getByRole('link', { name: 'Registre : qui a fait quoi' }).click();
    const rows = page.locator('#journal tr[data-row]');
    await rows.nth(49).waitFor();
    assert.match(await rows.first().innerText(), /unknown\s+connexion\s+refusé\s+<img onerror=x>\s+10\.0\.0\.7/);
    assert.equal(await page.locator('nav a[aria-current="page"]').getAttribute('href'), '#/health');
    await screenshot(page, 'journal');
    for (const first of ['70', '20']) {
        await page.locator('[data-page="older"]').click();
        await page.locator(`#journal tr[data-row="${first}"]`).waitFor();
        assert.equal(await rows.first().getAttribute('data-row'), first);
    }
    assert.equal(await page.locator('[data-page="older"]').count(), 0);
    await page.goBack();
    await page.locator('#journal tr[data-row="70"]').waitFor();
    await page.locator('[data-page="newest"]').click();
    await page.locator('#journal tr[data-row="120"]').waitFor();

    state.session = rights('figures');
    await page.goto(`${server.url}/#/health`);
    await page.reload();
    await page.locator('#account').waitFor();
    await page.locator('[data-part]').first().waitFor();
    assert.equal(await page.locator('a[href="#/journal"]').count(), 0);
    assert.deepEqual(complaints, []);
}, { locale: 'fr-FR' });

pageTest('older dead letters and their reason stand in the address', async (page) => {
    await open(page, 'data?reason=not_json', { letters: (reason, cursor) => {
        const all = letters(reason).letters;
        return { ...letters(reason), letters: cursor ? all.slice(4) : all.slice(0, 4),
            next_cursor: cursor ? null : '0.7.a stream & more' };
    } });
    const rows = page.locator('#dead-letters tr[data-row]');
    await rows.first().waitFor();
    assert.equal(await rows.count(), 4);
    assert.ok(await page.locator('input[value="not_json"]').isChecked());
    const newest = await rows.first().getAttribute('data-row');
    await page.locator('#dead-letters [data-page="older"]').click();
    await page.waitForFunction(() => document.querySelectorAll('#dead-letters tr[data-row]').length === 6);
    const address = page.url();
    await rows.first().locator('a').click();
    await page.locator('[data-letter] [data-record="text"]').waitFor();
    await page.locator('[data-letter] a.toggle').click();
    await page.locator('[data-letter]').waitFor({ state: 'detached' });
    assert.equal(page.url(), address);
    await page.locator('#dead-letters [data-page="newest"]').click();
    await page.locator(`#dead-letters tr[data-row="${newest}"]`).waitFor();
    await page.locator('#dead-letters label', { hasText: 'out_of_range' }).click();
    await page.waitForURL(/#\/data\?reason=out_of_range$/);
});
