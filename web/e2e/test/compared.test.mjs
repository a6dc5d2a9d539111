// The Live page beside the same weekday last week: in the tiles and behind the minutes.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { screenshot } from '../lib/browser.mjs';
import { compared, fakeServer, message } from '../lib/fake.mjs';
import { openLive } from '../lib/reading.mjs';
import { pageTest } from '../lib/suite.mjs';

const state = {};
const server = await fakeServer(state);
after(() => server.end());

/** Everything of one moment, so that minutes have the same places in both answers. */
async function openAt(page, moment, answer = compared(moment)) {
    Object.assign(state, { live: () => message(moment), compared: () => answer });
    await openLive(page, server.url);
}

pageTest('today is compared with the same weekday last week', async (page) => {
    await openAt(page, Date.now());
    const beside = page.locator('[data-figure="compared"]');
    await beside.first().waitFor();
    assert.equal(await beside.count(), 6);
    assert.match(await beside.first().innerText(), /^\+25\.0.?% vs \w+day last week, \d\d:\d\d$/);
    assert.match(await page.locator('.tile', { hasText: 'Approval rate' }).innerText(), /±0\.0.points vs/);
    await page.locator('#window-choice input[value="60m"]').check({ force: true });
    await beside.first().waitFor({ state: 'detached' });
});

for (const [locale, named, said] of [
    ['en-GB', /^the last hour\s+\w+day last week$/, / transactions · \w+day last week: €\d/],
    ['fr-FR', /^la dernière heure\s+\S+ dernier$/, / transactions · \S+ dernier\u00a0: \d/],
]) {
    pageTest(`the hour of a week before is drawn, named, said and listed (${locale})`, async (page) => {
        const moment = Date.now();
        const week = compared(moment).series.minutes.map((minute) => minute.revenue[0].net.amount);
        await openAt(page, moment);
        const chart = page.locator('#per-minute');
        await chart.locator('[data-figure="day_before"]').waitFor();
        assert.match(await chart.locator('.legend').innerText(), named);
        const points = await chart.locator('[data-point]').evaluateAll((all) => all.map((point) => ({
            before: point.dataset.before, label: point.getAttribute('aria-label') })));
        assert.deepEqual(points.map((point) => point.before), week);
        for (const { label } of points) assert.match(label, said);

        // Level lines as wide as the columns, on their scale.
        const drawn = await chart.evaluate((panel) => {
            const scale = [...panel.querySelectorAll('[data-point]')].map((point) =>
                Number(point.querySelector('.bar').getAttribute('height')) / Number(point.dataset.value));
            const band = panel.querySelector('.band');
            const attribute = (name) => Number(band.getAttribute(name));
            return { scale: Math.max(...scale), zero: attribute('y') + attribute('height'), x: attribute('x'),
                width: attribute('width'), path: panel.querySelector('path.before').getAttribute('d') };
        });
        const steps = [...drawn.path.matchAll(/(?:V|M[\d.]+ )([\d.]+)H([\d.]+)/g)].map((step) => step.slice(1).map(Number));
        assert.equal(steps.length, 60);
        for (const [index, [y, end]] of steps.entries()) {
            const wanted = [drawn.zero - drawn.scale * Number(week[index]), drawn.x + drawn.width * (index + 1)];
            assert.ok(Math.abs(y - wanted[0]) < 0.2 && Math.abs(end - wanted[1]) < 0.2, `${y}, ${end} for ${wanted}`);
        }
        await screenshot(page, `live-week-before-${locale}`);

        await chart.locator('.toggle').click();
        const cells = chart.locator('td[data-figure="net_last_week"]');
        await cells.first().waitFor();
        const listed = await cells.evaluateAll((all) => all.map((cell) => cell.dataset.value));
        assert.deepEqual(listed.reverse(), week, 'the newest first');
    }, { locale });
}

pageTest('a shop that was closed then is compared with nothing', async (page) => {
    const moment = Date.now();
    const then = compared(moment);
    then.today.figures.transactions = 0;
    const read = page.waitForResponse((response) => response.url().endsWith('/live/compared'));
    await openAt(page, moment, then);
    await (await read).finished();
    const chart = page.locator('#per-minute');
    await chart.locator('[data-point]').first().waitFor();
    assert.equal(await page.locator('[data-figure="compared"]').count(), 0);
    assert.equal(await chart.locator('[data-figure="day_before"]').count(), 0);
    assert.equal(await chart.locator('path.before').getAttribute('d'), '');
});

for (const [width, locale] of [[360, 'fr-FR'], [768, 'fr-FR'], [1000, 'fr-FR'], [1440, 'fr-FR'], [1920, 'fr-FR']]) {
    pageTest(`what it is compared with comes without moving anything (${width} px)`, async (page) => {
        const moment = Date.now();
        let release;
        await openAt(page, moment, new Promise((resolve) => { release = resolve; }));
        await page.locator('#per-minute svg [data-point]').first().waitFor();
        const boxes = () => page.evaluate(() => [...document.querySelectorAll(
            '.tile, .tile .as-of, .panel, #per-minute svg',
        )].map((element) => {
            const { y, height } = element.getBoundingClientRect();
            return [element.className, Math.round(y), Math.round(height)];
        }));
        const before = await boxes();
        assert.equal(await page.locator('[data-figure="compared"]').count(), 0);
        release(compared(moment));
        await page.locator('[data-figure="compared"]').first().waitFor();
        await page.locator('[data-figure="day_before"]').waitFor();
        assert.deepEqual(await boxes(), before);
    }, { width, locale });
}
