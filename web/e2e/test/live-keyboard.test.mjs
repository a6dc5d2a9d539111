// The Live page without a pointer.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { fakeServer, message } from '../lib/fake.mjs';
import { openLive } from '../lib/reading.mjs';
import { pageTest } from '../lib/suite.mjs';

const server = await fakeServer({ live: () => message(Date.now()) });
after(() => server.end());

async function tabTo(page, selector) {
    for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press('Tab');
        if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    }
    throw new Error(`Tab never gets to ${selector}`);
}

pageTest('landmarks, windows, explanations, charts and lists are within reach of the keys', async (page) => {
    await openLive(page, server.url);
    for (const landmark of ['banner', 'navigation', 'main']) {
        assert.equal(await page.getByRole(landmark).count(), 1, landmark);
    }
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
    assert.match(page.url(), /#\/live$/, 'the address still names the page');

    await tabTo(page, '#window-choice input');
    await page.keyboard.press('ArrowLeft');
    await page.locator('.live[data-window="60m"]').waitFor();
    await tabTo(page, '.made-button');
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('dialog[open]').count(), 0);
    assert.ok(await page.evaluate(() => document.activeElement.matches('.made-button')), 'focus comes back');

    await tabTo(page, '#per-minute [data-point]');
    await page.keyboard.press('End');
    const last = page.locator('#per-minute svg [data-point]').last();
    const focused = () => page.evaluate(() => document.activeElement.dataset.group);
    const group = await last.getAttribute('data-group');
    assert.equal(await focused(), group);
    assert.equal(await page.locator('#per-minute .readout').innerText(), await last.getAttribute('aria-label'));
    server.send(message(Date.now(), 3));
    await page.locator('#transactions li[data-offset="1003"]').waitFor();
    assert.ok(await page.evaluate(() => document.activeElement.matches('#per-minute [data-point]')),
        'new figures leave the focus where it is');

    await tabTo(page, '#tops input');
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.locator('#tops input:checked').getAttribute('value'), 'merchant');
    await tabTo(page, '#transactions .toggle');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#transactions .toggle').getAttribute('aria-pressed'), 'true');
});
