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
    const { page, complaints } = await newPage(browser, { width: Number(width), theme, locale });
    await page.goto(url);
    // Figures, or the notice that stands in their place.
    await page.locator('main [data-figure], main [data-state], main [data-part], main [data-job]').first().waitFor();
    await page.waitForTimeout(500);
    await page.screenshot({ path: out, fullPage: true });
    for (const complaint of complaints) console.error(complaint);
} finally {
    await end();
}
