// Logging in and out as people do it: by the keyboard, in two languages, and back to where they were.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { program } from '../lib/program.mjs';
import { pageTest } from '../lib/suite.mjs';
import { violationsInBothThemes } from '../lib/axe.mjs';
import { screenshot } from '../lib/browser.mjs';

const PASSWORD = 'correct horse battery';
let server;
before(async () => {
    server = await program([['ada', 'viewer', PASSWORD]]);
});
after(() => server.end());

async function logIn(page, password) {
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
}

pageTest('who is not logged in is asked, and comes to where they wanted', async (page) => {
    await page.goto(`${server.base}/#/logs`);
    await page.waitForURL(/\/login\?next=/);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'name');
    await page.keyboard.type('ada');
    await page.keyboard.press('Tab');
    await logIn(page, 'wrong wrong wrong');
    const alert = page.getByRole('alert');
    await alert.filter({ hasText: 'do not belong together' }).waitFor();
    await screenshot(page, 'login');
    // The name stays, and the password is asked for again.
    assert.equal(await page.evaluate(() => document.activeElement.id), 'password');
    await logIn(page, PASSWORD);
    await page.waitForURL(`${server.base}/#/logs`);
    const account = page.locator('#account');
    await account.waitFor();
    assert.match(await account.innerText(), /ada\s+Log out/);
    await screenshot(page, 'logged-in');
    // A viewer may not open the logs that she came for, so nothing else leads there.
    assert.equal(await page.locator('nav a[href="#/health"]').isVisible(), true);
    assert.equal(await page.locator('nav a[href="#/logs"]').isVisible(), false);
    const [cookie] = (await page.context().cookies()).filter(({ name }) => name === 'comptoir_session');
    assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);

    await account.getByRole('button').click();
    await page.waitForURL(`${server.base}/login`);
    await page.goto(`${server.base}/#/health`);
    await page.waitForURL(/\/login\?next=/);
});

pageTest('a page whose session ends leads to the form', async (page) => {
    await page.goto(`${server.base}/login?next=/%23/health`);
    await page.locator('#name:focus').waitFor();
    await page.keyboard.type('ada');
    await page.keyboard.press('Tab');
    await logIn(page, PASSWORD);
    await page.locator('#account').waitFor();
    await page.context().clearCookies();
    await page.waitForURL(/\/login\?next=.*health/);
});

for (const [theme, width] of [['light', 1440], ['dark', 360]]) {
    pageTest(`speaks French, ${theme} at ${width} px`, async (page, { complaints }) => {
        await page.goto(`${server.base}/login`);
        await page.getByRole('heading', { name: 'Connexion à Comptoir' }).waitFor();
        assert.ok(await page.getByLabel('Mot de passe').isVisible());
        await page.getByRole('button', { name: 'Se connecter' }).waitFor();
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
        await screenshot(page, `login-${theme}`);
        assert.deepEqual(complaints, []);
    }, { locale: 'fr-FR', theme, width });
}

for (const locale of ['en-GB', 'fr-FR']) {
    // The form's own policy would keep axe-core out.
    pageTest(`axe-core finds nothing on the form (${locale})`, async (page) => {
        await page.goto(`${server.base}/login`);
        await page.locator('#name').waitFor();
        assert.deepEqual(await violationsInBothThemes(page), [], 'as it opens');
        await page.keyboard.type('ada');
        await page.keyboard.press('Tab');
        await logIn(page, 'wrong wrong wrong');
        await page.getByRole('alert').waitFor();
        assert.deepEqual(await violationsInBothThemes(page), [], 'after a wrong password');
    }, { locale, bypassCSP: true });
}
