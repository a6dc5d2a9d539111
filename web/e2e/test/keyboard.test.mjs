// Everything a pointer can do, the keyboard can.

import assert from 'node:assert/strict';
import { openHistory } from '../lib/browser.mjs';
import { pageTest } from '../lib/suite.mjs';

const onPage = (name, check) =>
    pageTest(name, async (page, { complaints }) => {
        await openHistory(page);
        await check(page);
        assert.deepEqual(complaints, []);
    });

const focused = (page) =>
    page.evaluate(() => {
        const { tagName, className, dataset, textContent } = document.activeElement;
        return { tag: tagName, class: String(className), ...dataset, text: textContent.trim() };
    });

/** Presses Tab until `found` says yes to what has the focus. */
async function tabTo(page, found) {
    const passed = [];
    for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press('Tab');
        const element = await focused(page);
        if (found(element)) return passed;
        passed.push(element);
    }
    throw new Error(`Tab never gets there: ${JSON.stringify(passed.slice(-5))}`);
}

onPage('the first stop skips to the content', async (page) => {
    await page.keyboard.press('Tab');
    assert.equal((await focused(page)).class, 'skip');
    assert.ok(await page.locator('.skip').isVisible());
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
});

onPage('a chart is one stop, and arrows walk its points', async (page) => {
    await tabTo(page, (element) => element.point !== undefined);
    const points = page.locator('#by-month svg [data-point]');
    const readout = page.locator('#by-month .readout');
    const groups = await points.evaluateAll((all) => all.map((point) => point.dataset.group));
    assert.equal((await focused(page)).group, groups[0]);
    assert.equal(await readout.innerText(), await points.first().getAttribute('aria-label'));
    await page.keyboard.press('ArrowRight');
    assert.equal((await focused(page)).group, groups[1]);
    await page.keyboard.press('End');
    assert.equal((await focused(page)).group, groups.at(-1));
    assert.equal(await readout.innerText(), await points.last().getAttribute('aria-label'));
    await page.keyboard.press('ArrowRight');
    assert.equal((await focused(page)).group, groups.at(-1));
    await page.keyboard.press('Tab');
    assert.equal(await page.locator('#by-month :focus').count(), 0, 'one Tab leaves the chart');
});

onPage('tables, explanations and choices open without a pointer', async (page) => {
    await tabTo(page, (element) => element.tag === 'SUMMARY');
    await page.keyboard.press('Enter');
    assert.ok(await page.locator('.tile details[open] dl').first().isVisible());
    await tabTo(page, (element) => element.class.includes('toggle'));
    await page.keyboard.press('Enter');
    assert.ok(await page.locator('#by-month table').isVisible());
    assert.ok(!(await page.locator('#by-month svg').isVisible()));
    await tabTo(page, (element) => element.tag === 'INPUT');
    await page.keyboard.press('ArrowRight');
    const checked = page.locator('#breakdown input:checked');
    assert.equal(await checked.getAttribute('value'), 'territory');
});

onPage('language and theme change by key and are remembered', async (page) => {
    await tabTo(page, (element) => element.setting === 'language');
    await page.keyboard.press('Enter');
    await page.locator('html[lang="fr"]').waitFor();
    await tabTo(page, (element) => element.setting === 'theme');
    await page.keyboard.press('Space');
    await page.locator('html[data-theme="light"]').waitFor();
    await page.keyboard.press('Space');
    await page.locator('html[data-theme="dark"]').waitFor();
    await openHistory(page);
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
    assert.equal(await page.locator('html').getAttribute('lang'), 'fr');
});

onPage('every stop of the Tab key is visible and ringed', async (page) => {
    for (let presses = 0; presses < 40; presses += 1) {
        await page.keyboard.press('Tab');
        const stop = await page.evaluate(() => {
            const element = document.activeElement;
            if (element === document.body) return null;
            const shown = element.matches('input[type=radio]') ? element.nextElementSibling : element;
            const ringed = shown.querySelector(':scope > .band') ?? shown;
            const style = getComputedStyle(ringed);
            const box = shown.getBoundingClientRect();
            return {
                what: element.outerHTML.slice(0, 80),
                ring: style.outlineStyle !== 'none' || style.stroke !== 'none',
                visible: box.width > 0 && box.height > 0,
            };
        });
        if (stop === null) return;
        assert.ok(stop.ring && stop.visible, JSON.stringify(stop));
    }
});
