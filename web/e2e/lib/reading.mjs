// Reads everything that the Live page shows at one moment, with the positions that it is of.

import { baseUrl } from './browser.mjs';

export async function openLive(page, url = baseUrl()) {
    await page.goto(`${url}/#/live`);
    await page.locator('.live[data-as-of]').waitFor();
}

/** Opens the table of every chart, so that all its numbers are on the page. */
export async function openTables(page) {
    for (const id of ['per-minute', 'by-category', 'by-city', 'tops']) {
        await page.locator(`#${id} .toggle`).click();
    }
}

export async function chooseWindow(page, name) {
    await page.locator(`#window-choice input[value="${name}"]`).check({ force: true });
    await page.locator(`.live[data-window="${name}"]`).waitFor();
}

/** One look, in one go: nothing changes while it is taken. */
export function readLive(page) {
    return page.evaluate(() => {
        const live = document.querySelector('.live');
        const figure = (element) => ({
            value: element.dataset.value,
            shown: element.innerText,
        });
        const figures = (within) => Object.fromEntries(
            [...within.querySelectorAll('[data-figure]')].map((element) => [
                element.dataset.figure, figure(element)]));
        const rows = (id) => [...document.querySelectorAll(`#${id} tr[data-group]`)].map((row) => ({
            group: row.dataset.group, ...figures(row) }));
        const points = (id) => [...document.querySelectorAll(`#${id} svg [data-point]`)].map((point) => ({
            ...point.dataset,
            label: point.getAttribute('aria-label'),
            shown: point.closest('svg').querySelector(`[data-shown="${CSS.escape(point.dataset.group)}"]`)?.textContent,
        }));
        const tiles = live.querySelector('.tiles');
        const letters = document.querySelector('[data-figure="dead_letters"]');
        return {
            asOf: JSON.parse(live.dataset.asOf),
            window: live.dataset.window,
            currency: live.dataset.currency,
            from: tiles.dataset.from,
            to: tiles.dataset.to,
            tiles: figures(tiles),
            errors: [...tiles.querySelectorAll('[data-error]')].map((error) => Number(error.dataset.error)),
            deadLetters: letters ? letters.dataset.value : '0',
            minutes: { rows: rows('per-minute'), points: points('per-minute') },
            category: { rows: rows('by-category'), points: points('by-category') },
            city: { rows: rows('by-city'), points: points('by-city') },
            top: {
                kind: document.querySelector('#tops input:checked').value,
                rows: rows('tops'),
                points: points('tops'),
            },
            lastHour: document.querySelector('[data-figure="last_hour"]')?.dataset.value,
            transactions: [...document.querySelectorAll('#transactions li')].map((row) => ({
                ...row.dataset,
                amount: figure(row.querySelector('[data-figure="amount"]')),
                time: row.querySelector('time').getAttribute('datetime'),
            })),
        };
    });
}
