// What the first view costs over the wire, on a cold cache: the page's files and the figures in it.

import assert from 'node:assert/strict';
import { baseUrl } from '../lib/browser.mjs';
import { pageTest } from '../lib/suite.mjs';

const BYTES_MAX = 350_000;
const REQUESTS_MAX = 8;

pageTest('the first view is at most 350 kB in at most 8 requests', async (page) => {
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
    const bytes = all.reduce((sum, each) => sum + each.bytes, 0);
    console.log(`the first view: ${bytes} bytes in ${all.length} requests\n${list}`);
    assert.ok(bytes <= BYTES_MAX, `${bytes} bytes\n${list}`);
    assert.ok(all.length <= REQUESTS_MAX, `${all.length} requests\n${list}`);
});
