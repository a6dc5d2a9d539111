// What the first view costs over the wire, on a cold cache: it does not grow unnoticed.

import assert from 'node:assert/strict';
import { baseUrl } from '../lib/browser.mjs';
import { pageTest } from '../lib/suite.mjs';

/** Of the page's files. The goal, 350,000 with the figures that come beside them, is not reached yet. */
const BYTES_MAX = 430_000;
/** The icon is the ninth; the goal is 8. */
const REQUESTS_MAX = 9;

pageTest('the first view weighs no more than it did', async (page) => {
    const asked = new Map();
    const client = await page.context().newCDPSession(page);
    // A response that goes on, as the stream does, is as long as what has come of it.
    const change = (id, next) => asked.has(id) && asked.set(id, { ...asked.get(id), bytes: next(asked.get(id).bytes) });
    client.on('Network.requestWillBeSent', ({ requestId, request }) => asked.set(requestId, { url: request.url, bytes: 0 }));
    client.on('Network.responseReceived', ({ requestId, response }) => change(requestId, () => response.encodedDataLength));
    client.on('Network.dataReceived', ({ requestId, encodedDataLength, dataLength }) =>
        change(requestId, (bytes) => bytes + (encodedDataLength || dataLength)));
    client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => change(requestId, () => encodedDataLength));
    await client.send('Network.enable');
    await page.goto(`${baseUrl()}/`);
    await page.locator('#per-minute svg [data-point]').first().waitFor();
    await page.locator('#transactions li').first().waitFor();

    const all = [...asked.values()];
    const list = all.map(({ url, bytes }) => `${String(bytes).padStart(8)} ${new URL(url).pathname}`).join('\n');
    const sum = (some) => some.reduce((total, each) => total + each.bytes, 0);
    const bytes = sum(all.filter(({ url }) => !new URL(url).pathname.startsWith('/api/')));
    console.log(`the first view: ${sum(all)} bytes in ${all.length} requests, ${bytes} of them the page's files\n${list}`);
    assert.ok(bytes <= BYTES_MAX, `${bytes} bytes\n${list}`);
    assert.ok(all.length <= REQUESTS_MAX, `${all.length} requests\n${list}`);
});
