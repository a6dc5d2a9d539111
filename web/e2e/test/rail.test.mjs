// The rail leads whoever is logged in to what they may open, and nowhere else.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { fakeServer, message } from '../lib/fake.mjs';
import { openLive } from '../lib/reading.mjs';
import { pageTest } from '../lib/suite.mjs';

const state = { live: () => message(Date.now()) };
const server = await fakeServer(state);
after(() => server.end());

const ALL = ['live', 'history', 'data', 'lake', 'logs', 'jobs', 'health'];
const RAILS = [
    ['viewer', ['figures'], ['live', 'history', 'data', 'jobs', 'health']],
    ['operator', ['figures', 'logs', 'journal', 'metrics', 'operate'], ALL],
    ['auditor', ['figures', 'logs', 'journal', 'metrics'], ALL],
    // Where there are no users nobody is asked.
    [null, ['figures', 'logs', 'journal', 'metrics', 'operate'], ALL],
];

for (const width of [360, 1440]) {
    for (const [role, rights, wanted] of RAILS) {
        pageTest(`${role ?? 'nobody in particular'} is led to ${wanted.length} pages (${width} px)`, async (page) => {
            state.session = () => ({ kind: role ? 'user' : 'anyone', name: role && 'ada', role, rights });
            const known = page.waitForResponse((response) => response.url().endsWith('/api/v1/session'));
            await openLive(page, server.url);
            await (await known).finished();
            if (role) await page.locator('#account').waitFor();
            const links = page.getByRole('navigation').getByRole('link');
            const addresses = await links.evaluateAll((all) => all.map((link) => link.hash.slice(2)));
            assert.deepEqual(addresses, wanted);
        }, { width });
    }
}
