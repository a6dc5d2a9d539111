// Tests that look at a page. The tests of a file share a browser; each has a context of its own.

import test, { after } from 'node:test';
import { launch, newPage } from './browser.mjs';

let shared;
after(async () => (await shared)?.end());

/** Runs `check(page, { complaints, requests })` on a fresh page. */
export function pageTest(name, check, options) {
    test(name, async () => {
        shared ??= launch();
        const opened = await newPage((await shared).browser, options);
        try {
            await check(opened.page, opened);
        } finally {
            await opened.context.close();
        }
    });
}
