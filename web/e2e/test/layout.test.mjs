// Every page fits from a phone to a wall, in both themes, and can be read in each.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { openHistory, screenshot } from '../lib/browser.mjs';
import { fakeServer } from '../lib/fake.mjs';
import { pageTest } from '../lib/suite.mjs';
import { trouble } from '../lib/trouble.mjs';

const server = await fakeServer(trouble);
after(() => server.end());

const open = (hash, shown) => async (page) => {
    await page.goto(`${server.url}/#/${hash}`);
    await page.locator(shown).first().waitFor();
    // What is said in the rail comes with an answer of its own.
    await page.locator('.badge').waitFor();
};
const PAGES = {
    history: openHistory,
    live: open('live', '#per-minute svg [data-point]'),
    data: open('data', '#batch-views tbody tr'),
    lake: open('lake?path=/user/sqoop/sales', '#import'),
    logs: open('logs', '#log-lines tbody tr'),
    health: open('health', '[data-part]'),
};

for (const [name, show] of Object.entries(PAGES)) {
    for (const width of [360, 768, 1440, 2560]) {
        for (const theme of ['light', 'dark']) {
            const locale = theme === 'dark' ? 'fr-FR' : 'en-GB';
            pageTest(`${name} fits ${width} px and is readable in the ${theme} theme`, async (page) => {
                await show(page);
                const sideways = await page.evaluate(
                    () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
                assert.equal(sideways, 0, 'nothing hangs over the edge');
                assert.deepEqual(await page.evaluate(smallTargets), [], 'targets of 44 px');
                assert.deepEqual(await page.evaluate(faintTexts), [], 'contrast of 4.5 to 1');
                await screenshot(page, `${name}-${width}-${theme}`);
            }, { width, theme, locale, reducedMotion: 'reduce' });
        }
    }
}

/** Buttons, disclosures and navigation that a finger could miss. Links in a text may be small. */
function smallTargets() {
    return [...document.querySelectorAll('button, summary, nav a, .choice label')]
        .filter((element) => element.getClientRects().length > 0)
        .map((element) => ({ text: element.textContent, box: element.getBoundingClientRect() }))
        .filter(({ box }) => box.height < 43.5)
        .map(({ text, box }) => `${text}: ${box.width} x ${box.height}`);
}

/** Texts below the contrast that WCAG AA asks of small text. */
function faintTexts() {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([r, g, b]) => {
        const [R, G, B] = [r, g, b].map((value) => {
            const part = value / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * R + 0.7152 * G + 0.0722 * B;
    };
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return [255, 255, 255];
    };
    const faint = [];
    for (const element of document.querySelectorAll('body *')) {
        const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!text || !element.getClientRects().length || element.closest('.spoken, .skip')) continue;
        const style = getComputedStyle(element);
        const colour = rgba(element instanceof SVGElement ? style.fill : style.color);
        const [low, high] = [luminance(colour), luminance(ground(element))].sort((a, b) => a - b);
        const contrast = (high + 0.05) / (low + 0.05);
        if (contrast < 4.5) faint.push(`${element.textContent.trim()}: ${contrast.toFixed(2)}`);
    }
    return [...new Set(faint)];
}
