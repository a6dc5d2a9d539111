// A real Chromium, and a page in it that remembers everything it complains about or asks for.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const RESULTS = new URL('../results/', import.meta.url).pathname;

/** How long the page may take to show something. */
export const PATIENCE = 60_000;

/** A setting of the tests, from the environment. */
export function needed(name, meaning) {
    const value = process.env[name];
    if (!value) throw new Error(`${name} is not set\nhint: ${name} is ${meaning}`);
    return value;
}

export function baseUrl() {
    return needed('BASE_URL', 'the address of a running Comptoir, like http://127.0.0.1:8080');
}

/** Starts a browser with a home of its own; `end` stops it and removes that. */
export async function launch() {
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    if (!existsSync(executablePath)) {
        throw new Error(`no browser at ${executablePath}\nhint: apt-get install chromium, or set CHROMIUM`);
    }
    const home = await mkdtemp(join(tmpdir(), 'comptoir-e2e-'));
    const browser = await chromium.launch({
        executablePath,
        args: FLAGS,
        env: { ...process.env, HOME: home },
    });
    const end = async () => {
        await browser.close();
        // Chromium's own children may write a little longer than it lives.
        await rm(home, { recursive: true, force: true, maxRetries: 10 });
    };
    return { browser, end };
}

/** A fresh page with what it logged as `complaints` and every address it asked for. */
export async function newPage(browser, { locale = 'en-GB', width = 1440, theme = 'light', ...more } = {}) {
    const context = await browser.newContext({
        locale,
        timezoneId: 'Europe/Paris',
        colorScheme: theme,
        viewport: { width, height: 900 },
        ...more,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const complaints = [];
    const requests = [];
    page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    return { page, context, complaints, requests };
}

/** The page that tells the history. */
export function historyUrl() {
    return `${baseUrl()}/#/history`;
}

/** Opens the history and waits for its figures. */
export async function openHistory(page) {
    await page.goto(historyUrl());
    await page.locator('[data-figure="net_sales"]').first().waitFor();
    await page.locator('#by-month svg [data-point]').first().waitFor();
}

export async function screenshot(page, name) {
    await mkdir(RESULTS, { recursive: true });
    await page.screenshot({ path: join(RESULTS, `${name}.png`), fullPage: true });
}
