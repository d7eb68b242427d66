// J10, everyone: every view, in both languages, light and dark, wide and narrow: axe-core finds nothing, nothing scrolls
// sideways at 320 px (400 % zoom of 1280), targets are 24 px or more, headings begin with one h1, and the keyboard goes
// through in the order that is read.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { check, data, joined, journey, openPage, say, startNode } from './stage.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const kViews = ['#/search', '#/search?q=tone', '#/library', '#/publish', '#/podcasts', '#/radio', '#/wishes', '#/network', '#/settings'];

async function violations(page) {
  // The policy of the page lets no script in; the browser's own door does.
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).slice(0, 3).join(' | ')}`);
}

const small = () => {
  const seen = (element) => element.getClientRects().length > 0 && !element.closest('[hidden]') && !element.closest('.skip');
  return [...document.querySelectorAll('button, a, select, input')].filter(seen).map((element) => [element, (element.closest('label') ?? element).getBoundingClientRect()])
    .filter(([element, box]) => (box.width < 24 || box.height < 24) && getComputedStyle(element).display !== 'inline').map(([element]) => element.outerHTML.slice(0, 80));
};

journey(async () => {
  const holder = await startNode('holder', { share: data });
  const node = await startNode('asker', { bootstrap: holder.status.self, radio: '127.0.0.1:0' });
  await joined();
  let looked = 0;
  for (const locale of ['en-GB', 'es-ES']) {
    for (const [width, colorScheme] of [[1280, 'light'], [320, 'dark'], ...(locale === 'en-GB' ? [[768, 'light']] : [])]) {
      const page = await openPage(node, { locale, colorScheme, viewport: { width, height: 720 }, reducedMotion: 'reduce' });
      for (const view of kViews) {
        await page.evaluate((hash) => (location.hash = hash), view);
        await page.locator(view.includes('?') ? '.rows li' : 'h1').first().waitFor();
        if (view.includes('?')) await page.locator('.rows li button[aria-expanded]').first().click();
        const where = `${view} ${locale} ${width} ${colorScheme}`;
        for (const violation of await violations(page)) check(false, `${where}: ${violation}`);
        const beyond = await page.evaluate(() => Math.max(document.documentElement.scrollWidth - innerWidth, document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth));
        check(beyond <= 0, `${where} scrolls sideways by ${beyond} px`);
        for (const element of await page.evaluate(small)) check(false, `${where}: less than 24 px: ${element}`);
        check((await page.locator('h1').count()) === 1, `${where}: not one h1`);
        check((await page.locator('html').getAttribute('lang')) === locale.slice(0, 2), `${where}: lang`);
        looked += 1;
      }
      await page.context().close();
    }
  }
  say(`${looked} looks at ${kViews.length} views: axe-core found nothing in 2 languages, 2 themes, 3 widths`);

  const page = await openPage(node);
  await page.keyboard.press('Tab');
  check((await page.evaluate(() => document.activeElement.className)) === 'skip' || (await page.evaluate(() => document.activeElement.classList.contains('skip'))), 'the first stop is the way past the navigation');
  await page.keyboard.press('Enter');
  check((await page.evaluate(() => document.activeElement.id)) === 'main', 'and it leads to the content');
  await page.keyboard.press('/');
  // The field is focused in the next frame, which a busy machine draws late.
  const focused = page.waitForFunction(() => document.activeElement.id === 'search-field', null, { timeout: 5000 });
  check(await focused.then(() => true, () => false), "'/' leads to the search");
  await page.keyboard.type('tone');
  await page.keyboard.press('Enter');
  await page.locator('.rows li').first().waitFor();
  await page.goto(`${node.origin}/#/settings`);
  await page.locator('input[type=checkbox]').uncheck();
  await page.locator('h1').click();
  await page.keyboard.press('/');
  check((await page.evaluate(() => document.activeElement.id)) !== 'search-field', 'single keys can be turned off');
  await page.locator('input[value=es]').check();
  check((await page.locator('h1').textContent()) === 'Ajustes', 'the language changes in place');

  // Somebody without a session sees how to get one, in both languages.
  for (const locale of ['en-GB', 'es-ES']) {
    const stranger = await (await page.context().browser().newContext({ locale })).newPage();
    await stranger.goto(node.origin);
    await stranger.locator('.locked').waitFor();
    for (const violation of await violations(stranger)) check(false, `locked ${locale}: ${violation}`);
  }
});
