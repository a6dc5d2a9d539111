// Takes a picture of the page: node screenshot.mjs URL OUT.png [WIDTH] [light|dark] [en|fr]

import { launch, newPage } from './lib/browser.mjs';

const [url, out, width = '1440', theme = 'light', language = 'en'] = process.argv.slice(2);
if (!out) {
    console.error('usage: node screenshot.mjs URL OUT.png [WIDTH] [light|dark] [en|fr]');
    process.exit(2);
}
const { browser, end } = await launch();
try {
    const locale = language === 'fr' ? 'fr-FR' : 'en-GB';
    const { page } = await newPage(browser, { width: Number(width), theme, locale });
    await page.goto(url);
    // Figures, or the notice that stands in their place.
    await page.locator('#by-month svg [data-point], [data-state]').first().waitFor();
    await page.screenshot({ path: out, fullPage: true });
} finally {
    await end();
}
