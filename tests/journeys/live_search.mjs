// J2 in the page: three nodes in a row; rows come while the question travels, copies of one content are one row, and what
// was played is played again from the queue.
import { check, data, joined, journey, openPage, say, startNode } from './stage.mjs';

const kFirstRowMs = 1000;

journey(async () => {
  const holders = [await startNode('a', { share: data })];
  for (const name of ['b', 'c', 'd']) holders.push(await startNode(name, { bootstrap: holders.at(-1).status.self, ...(name === 'd' ? {} : { share: data }) }));
  await joined();
  const page = await openPage(holders.at(-1));
  await page.locator('#search-field').fill('sine');
  const began = Date.now();
  await page.keyboard.press('Enter');
  await page.locator('.rows li').first().waitFor();
  const first = Date.now() - began;
  say(`first row after ${first} ms (limit ${kFirstRowMs})`);
  check(first < kFirstRowMs, 'the first row comes within a second');
  await page.getByText(/Search finished/).waitFor();
  const rows = await page.locator('.rows li').count();
  check(rows === 6, `six contents at three nodes are six rows, not ${rows}`);
  check((await page.getByText('6 results on 3 computers').count()) > 0, 'and they say that three computers have them');
});
