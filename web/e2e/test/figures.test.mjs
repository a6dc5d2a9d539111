// Every number on the page, as people read it and as programs do, equals the CSV's.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { openHistory, screenshot } from '../lib/browser.mjs';
import { cents, COUNTS, divideHalfEven, expected, MONEY } from '../lib/expected.mjs';
import { shownCents, shownCount } from '../lib/locale.mjs';
import { pageTest } from '../lib/suite.mjs';

const truth = await expected();

for (const [language, locale] of [['en', 'en-GB'], ['fr', 'fr-FR']]) {
    describe(`the page in ${language}`, () => {
        const onPage = (name, check) =>
            pageTest(name, async (page, opened) => {
                await openHistory(page);
                assert.equal(await page.locator('html').getAttribute('lang'), language);
                await check(page, opened);
            }, { locale });

        onPage('shows the totals of the CSV', async (page) => {
            for (const name of [...COUNTS, ...MONEY]) {
                const figure = page.locator(`.tile [data-figure="${name}"]`);
                assert.equal(await figure.count(), 1, name);
                await holds(figure, name, truth.summary, language);
            }
            const period = page.locator('[data-figure="period"]');
            assert.equal(await period.getAttribute('data-value'), truth.period);
            for (const year of truth.period.match(/\d{4}(?=-)/g)) {
                assert.match(await period.innerText(), new RegExp(year));
            }
            await screenshot(page, `history-${language}`);
        });

        onPage('draws each month of the CSV', async (page) => {
            await chartHolds(page, '#by-month', truth.by.month, language);
        });

        onPage('draws each product line of the CSV', async (page) => {
            await chartHolds(page, '#by-product-line', truth.by.product_line, language);
            await labelsHold(page, '#by-product-line', truth.by.product_line, language);
        });

        onPage('breaks sales down by everything it offers', async (page) => {
            const choices = page.locator('#breakdown input[type=radio]');
            assert.equal(await choices.count(), 4);
            for (const choice of await choices.all()) {
                await choice.check({ force: true });
                const groups = truth.by[await choice.getAttribute('value')];
                await chartHolds(page, '#breakdown', groups, language);
                await labelsHold(page, '#breakdown', groups, language);
            }
        });

        onPage('tells the same in its tables', async (page) => {
            await tableHolds(page, '#by-month', truth.by.month, language);
            await tableHolds(page, '#by-product-line', truth.by.product_line, language);
            await tableHolds(page, '#breakdown', truth.by.country, language);
            await screenshot(page, `tables-${language}`);
        });

        onPage('names what stands out', async (page) => {
            const month = page.locator('[data-figure="best_month"]');
            const best = largest(truth.by.month);
            assert.equal(cents(await month.getAttribute('data-value')), best);
            assert.match(await month.getAttribute('data-group'), /^\d{4}-\d{2}$/);
            const said = (await month.innerText()).match(/[\d.,\s\u202f]*[.,]\d\d(?=\D*$)/)[0];
            assert.equal(shownCents(said, language), best);

            const leader = page.locator('#by-product-line [data-figure="leader"]');
            const first = largest(truth.by.product_line);
            assert.equal(cents(await leader.getAttribute('data-value')), first);
            shareHolds(await leader.innerText(), first);
            const cancelled = page.locator('[data-figure="cancelled_share"]');
            shareHolds(await cancelled.getAttribute('data-value'), truth.summary.cancelled_sales);
            shareHolds(await cancelled.innerText(), truth.summary.cancelled_sales);
        });

        onPage('names part files that hold every row', async (page) => {
            const rows = page.locator('#lake [data-part] [data-figure="part_rows"]');
            let sum = 0n;
            for (const cell of await rows.all()) {
                const value = BigInt(await cell.getAttribute('data-value'));
                assert.equal(shownCount(await cell.innerText(), language), value);
                sum += value;
            }
            assert.equal(sum, BigInt(truth.rows));
            const total = page.locator('#lake [data-figure="rows"]');
            assert.equal(BigInt(await total.getAttribute('data-value')), sum);
            assert.equal(shownCount(await total.innerText(), language), sum);

            let bytes = 0n;
            for (const cell of await page.locator('#lake [data-figure="part_bytes"]').all()) {
                bytes += BigInt(await cell.getAttribute('data-value'));
            }
            const totalBytes = page.locator('#lake [data-figure="bytes"]');
            assert.equal(shownCount(await totalBytes.innerText(), language), bytes);
            for (const sum of await page.locator('#lake [data-figure="part_sha256"]').all()) {
                const exact = await sum.getAttribute('data-value');
                assert.match(exact, /^[0-9a-f]{64}$/);
                assert.ok(exact.startsWith((await sum.innerText()).replace('…', '')));
            }
        });

        onPage('complains of nothing and asks nobody else', async (page, { complaints, requests }) => {
            assert.deepEqual(complaints, []);
            const origin = new URL(page.url()).origin;
            assert.deepEqual(requests.filter((url) => new URL(url).origin !== origin), []);
        });
    });
}

async function holds(element, name, figures, language) {
    const [exact, shown] = [await element.getAttribute('data-value'), await element.innerText()];
    const wanted = figures[name];
    if (wanted === null) {
        assert.equal(exact, '', name);
        assert.match(shown, /^–/, name);
    } else if (MONEY.includes(name)) {
        assert.equal(cents(exact), wanted, `${name}, data-value`);
        assert.equal(shownCents(shown, language), wanted, `${name}, as shown: ${shown}`);
    } else {
        assert.equal(BigInt(exact), wanted, `${name}, data-value`);
        assert.equal(shownCount(shown, language), wanted, `${name}, as shown: ${shown}`);
    }
}

/** Points of a chart; a month without orders may stand between two others, with zero. */
async function chartHolds(page, panel, groups, language) {
    const points = await page.locator(`${panel} svg [data-point]`).evaluateAll((all) =>
        all.map((point) => ({ ...point.dataset, said: point.getAttribute('aria-label') })));
    const seen = new Set();
    for (const { group, value, hatched, said } of points) {
        const figures = groups.get(group);
        assert.equal(cents(value), figures?.sales ?? 0n, `${panel} ${group}`);
        assert.equal(cents(hatched), figures?.cancelled_sales ?? 0n, `${panel} ${group}`);
        const amount = said.slice(said.indexOf(':') + 1).split('·')[0];
        assert.equal(shownCents(amount, language), figures?.sales ?? 0n, said);
        if (figures) seen.add(group);
    }
    assert.deepEqual([...groups.keys()].filter((group) => !seen.has(group)), []);
}

async function labelsHold(page, panel, groups, language) {
    for (const point of await page.locator(`${panel} svg [data-point]`).all()) {
        const group = await point.getAttribute('data-group');
        const { sales } = groups.get(group);
        const value = page.locator(`${panel} svg .value`, { has: page.locator(`[data-shown="${group}"]`) });
        assert.equal(shownCents(await value.locator('[data-shown]').textContent(), language), sales);
        shareHolds(await point.getAttribute('data-share'), sales);
        shareHolds(await value.locator('.share').textContent(), sales);
    }
}

async function tableHolds(page, panel, groups, language) {
    await page.locator(`${panel} .toggle`).click();
    const rows = await page.locator(`${panel} tr[data-group]`).all();
    const seen = new Set();
    for (const row of rows) {
        const group = await row.getAttribute('data-group');
        if (!groups.has(group)) continue;
        seen.add(group);
        for (const name of [...COUNTS, ...MONEY]) {
            await holds(row.locator(`[data-figure="${name}"]`), name, groups.get(group), language);
        }
    }
    assert.equal(seen.size, groups.size, `${panel}: every group has a row`);
}

function largest(groups) {
    return [...groups.values()].map(({ sales }) => sales).reduce((a, b) => (a > b ? a : b));
}

/** A text with one percentage in it, of all sales, to a tenth. */
function shareHolds(text, part) {
    const [, whole, tenth] = /(\d+)[.,](\d)/.exec(text);
    assert.equal(BigInt(whole + tenth), divideHalfEven(part * 1000n, truth.summary.sales), text);
}
