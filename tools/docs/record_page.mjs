// What tools/docs/record_page draws: real nodes that share Debian's singularity-music, found and played in the page of another.
import { joined, journey, openPage, say, startNode, until } from '../../tests/journeys/stage.mjs';

const kMusic = '/usr/share/games/singularity/music';  // as in tools/packages

journey(async () => {
  const a = await startNode('a', { share: kMusic });
  const b = await startNode('b', { bootstrap: a.status.self, share: kMusic });
  const c = await startNode('c', { bootstrap: a.status.self });
  await joined();
  await until(async () => (await b.call('GET', '/api/v1/shares')).some((line) => line.tracks > 10), 'everything is shared', 120_000);
  const page = await openPage(c, { viewport: { width: 1120, height: 700 }, colorScheme: 'dark' });
  await page.locator('#search-field').fill('maxstack');
  await page.keyboard.press('Enter');
  await page.locator('.rows li').nth(5).waitFor();
  await page.locator('.rows li').nth(1).locator('button.art').click();
  await page.locator('.wave rect:nth-child(100)').waitFor({ state: 'attached', timeout: 60_000 });
  await page.mouse.move(0, 0);
  await page.screenshot({ path: process.env.PICTURE });
  say(`drawn: ${process.env.PICTURE}`);
});
