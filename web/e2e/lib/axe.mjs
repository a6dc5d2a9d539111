// axe-core in a page: the rules of WCAG 2.0, 2.1 and 2.2, levels A and AA.

import { createRequire } from 'node:module';

const SOURCE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What it finds wrong: a line for each element, with the rule and why. */
export async function violations(page) {
    if (!(await page.evaluate(() => 'axe' in window))) await page.addScriptTag({ path: SOURCE });
    return page.evaluate(async (tags) => {
        const found = await window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] });
        return found.violations.flatMap(({ id, nodes }) =>
            nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
    }, TAGS);
}

/** In both themes, in the language that is shown. */
export async function violationsInBothThemes(page) {
    const found = [];
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        found.push(...(await violations(page)).map((line) => `${colorScheme}: ${line}`));
    }
    return found;
}
