// J3 in the page: a track that two nodes hold is found, plays before it is whole, is sought in, goes on without a gap when
// one of the two is killed, and the next of the queue follows; the outline is drawn when all of it was heard of.
import { existsSync, readdirSync } from 'node:fs';
import { check, joined, journey, openPage, say, startNode, until } from './stage.mjs';

const kMusic = '/usr/share/games/singularity/music';  // Debian's singularity-music, as in tools/packages
const kStartMs = 1500;
const kSeekMs = 1500;
const kGapMs = 250;

// Measures what a listener hears: how long the sound stood still though it should have gone on.
const watchAudio = () => {
  const Plain = window.Audio;
  window.Audio = class extends Plain {
    constructor(...words) {
      super(...words);
      window.heard = { audio: this, gaps: [], stalled: 0 };
      this.addEventListener('waiting', () => (window.heard.stalled = performance.now()));
      this.addEventListener('playing', () => {
        if (window.heard.stalled > 0) window.heard.gaps.push(performance.now() - window.heard.stalled);
        window.heard.stalled = 0;
      });
    }
  };
};

journey(async () => {
  if (!existsSync(kMusic)) return say(`left out: ${kMusic} is not installed`);
  const a = await startNode('a', { share: kMusic });
  const b = await startNode('b', { bootstrap: a.status.self, share: kMusic });
  const c = await startNode('c', { bootstrap: a.status.self });
  await joined();
  const tracks = readdirSync(kMusic, { recursive: true }).filter((name) => /\.ogg$/.test(name)).length;
  await until(async () => (await b.call('GET', '/api/v1/shares')).some((line) => line.tracks === tracks), 'everything is shared', 60_000);

  const page = await openPage(c);
  await page.addInitScript(watchAudio);
  await page.reload();
  await page.locator('#search-field').fill('coherence');
  await page.keyboard.press('Enter');
  const row = page.locator('.rows li').first();
  await row.waitFor();
  await until(async () => (await row.locator('.holders').getAttribute('title'))?.includes('2'), 'both holders are known');
  const now = () => page.evaluate(() => window.heard.audio.currentTime);

  const clicked = Date.now();
  await row.getByRole('button', { name: 'Play Coherence' }).click();
  await until(async () => (await now()) > 0.05, 'sound');
  const started = Date.now() - clicked;
  say(`plays ${started} ms after the click (limit ${kStartMs})`);
  check(started < kStartMs, 'it starts at once');

  const length = await page.evaluate(() => Number(document.querySelector('.bar .track input').max));
  await page.getByRole('slider', { name: 'Position' }).fill(String(Math.floor(length / 2)));
  const sought = Date.now();
  await until(async () => (await now()) > length / 2 + 0.3, 'sound after seeking');
  say(`plays on in the middle ${Date.now() - sought - 300} ms after seeking (limit ${kSeekMs})`);
  check(Date.now() - sought - 300 < kSeekMs, 'seeking is quick');

  await page.evaluate(() => (window.heard.gaps = []));
  const before = await now();
  a.child.removeAllListeners('exit');
  a.child.kill('SIGKILL');
  await until(async () => (await now()) > before + 4, 'sound after a holder was killed');
  const gaps = await page.evaluate(() => window.heard.gaps);
  say(`longest gap after a holder was killed: ${Math.round(Math.max(0, ...gaps))} ms (limit ${kGapMs})`);
  check(Math.max(0, ...gaps) <= kGapMs, 'nobody hears that a holder has gone');

  await page.locator('#search-field').fill('awakening');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'More about Awakening' }).click();
  await page.getByRole('button', { name: 'Add to queue' }).click();
  await page.getByRole('button', { name: /^Queue, 2 tracks/ }).waitFor();
  await page.getByRole('button', { name: 'Next track' }).click();
  await page.locator('.bar .title', { hasText: 'Awakening' }).waitFor();
  await until(async () => (await now()) > 0.2 && (await now()) < 60, 'the next of the queue plays');
  await page.locator('.wave rect:nth-child(100)').waitFor({ state: 'attached', timeout: 60_000 });
  say('the outline of the sound is drawn');

  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await until(() => page.evaluate(() => window.heard.audio.paused), 'it pauses');
  await page.getByRole('button', { name: 'Stop and close the player' }).click();
  check((await page.locator('.bar').count()) === 0, 'the player closes');
});
