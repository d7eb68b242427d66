// The format table and T1-T3 of the notes on streaming in browsers, with our node serving: files of every format that ffmpeg
// makes, held by one node that sends 1 Mbit/s, played in Chromium on another. Each row says how long until it sounds, until
// it sounds after a jump to three quarters, and how much was here when three seconds had been heard. What is broken, or what
// the browser does not know, is said in words, and the page stays alive.
import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, journey, joined, openPage, say, startNode, until, writeFiles } from './stage.mjs';

const kSeconds = 60;
const kUploadKb = 125;
const kStartMs = 1500;
const kSeekMs = 8000;
const kPatience = 20_000;

// Words that name no other row; ffmpeg's arguments; whether Chromium plays it.
const kFormats = [
  ['alfa', 'mp3', ['-c:a', 'libmp3lame', '-b:a', '128k'], true],
  ['bravo', 'mp3', ['-c:a', 'libmp3lame', '-q:a', '4'], true],
  ['charlie', 'mp3', ['cover', '-c:a', 'libmp3lame', '-b:a', '128k'], true],
  ['delta', 'ogg', ['-c:a', 'libvorbis', '-q:a', '4'], true],
  ['eco', 'opus', ['-c:a', 'libopus', '-b:a', '96k'], true],
  ['foxtrot', 'flac', ['-ac', '1', '-c:a', 'flac'], true],
  ['golf', 'm4a', ['-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart'], true],
  ['hotel', 'm4a', ['-c:a', 'aac', '-b:a', '128k'], true],
  ['india', 'wav', ['-ac', '1', '-ar', '22050', '-c:a', 'pcm_s16le'], true],
  ['juliet', 'm4a', ['-c:a', 'alac'], false],
];

const words = { alfa: 'mp3 CBR', bravo: 'mp3 VBR', charlie: 'mp3, 4.5 MB cover', delta: 'Ogg Vorbis', eco: 'Opus', foxtrot: 'FLAC', golf: 'm4a, index first', hotel: 'm4a, index last', india: 'WAV', juliet: 'ALAC in m4a' };

function make(folder, name, ending, options) {
  const file = join(folder, `${name}.${ending}`);
  const noise = ['-f', 'lavfi', '-i', `anoisesrc=d=${kSeconds}:c=pink:a=0.3:seed=${name.length}`];
  const input = options[0] === 'cover' ? [...noise, '-i', join(folder, 'cover.bmp'), '-map', '0', '-map', '1', '-c:v', 'copy', '-disposition:v', 'attached_pic', '-id3v2_version', '3', ...options.slice(1)] : [...noise, ...options];
  execFileSync('ffmpeg', ['-nostdin', '-y', '-loglevel', 'error', ...input, '-metadata', `title=Formato ${name}`, '-metadata', 'artist=Tabla', file]);
  return file;
}

async function rowOf(page, name) {
  await page.goto(`${new URL(page.url()).origin}/#/search?q=${name}`);
  const row = page.locator('.rows li').first();
  await row.waitFor({ timeout: kPatience });
  return row;
}

journey(async () => {
  try {
    execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' });
  } catch {
    return say('left out: ffmpeg is not installed');
  }
  const folder = writeFiles('formats', {});
  const bmp = Buffer.alloc(4_500_054);  // 1,500 pixels by 1,000, black
  bmp.write('BM', 'latin1');
  for (const [at, value] of [[2, bmp.length], [10, 54], [14, 40], [18, 1500], [22, 1000], [34, 4_500_000]]) bmp.writeUInt32LE(value, at);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(24, 28);
  writeFileSync(join(folder, 'cover.bmp'), bmp);
  for (const [name, ending, options] of kFormats) make(folder, name, ending, options);
  // Broken ones: cut in the middle, and called what it is not.
  truncateSync(make(folder, 'kilo', 'm4a', ['-c:a', 'aac', '-movflags', '+faststart']), 200_000);
  writeFileSync(join(folder, 'lima.mp3'), readFileSync(make(folder, 'mike', 'flac', ['-ac', '1', '-c:a', 'flac'])));
  writeFileSync(join(folder, 'nada.mp3'), '');

  const holder = await startNode('holder', { share: folder, more: ['--upload-kb', String(kUploadKb)] });
  const node = await startNode('asker', { bootstrap: holder.status.self });
  await joined();
  await until(async () => (await holder.call('GET', '/api/v1/status'))[0].scanning === false && (await holder.call('GET', '/api/v1/shares')).some((line) => line.tracks >= kFormats.length), 'everything is shared', 60_000);
  const page = await openPage(node);
  await page.addInitScript(() => {
    const Plain = window.Audio;
    window.Audio = class extends Plain {
      constructor(...given) {
        super(...given);
        window.heard = this;
      }
    };
  });
  await page.reload();
  const now = () => page.evaluate(() => window.heard?.currentTime ?? 0);

  for (const [name, , , playable] of kFormats) {
    const row = await rowOf(page, name);
    const content = await row.locator('code').last().textContent({ timeout: 1000 }).catch(() => '');
    const button = row.getByRole('button', { name: /^Play / });
    if ((await button.count()) === 0) {
      check(!playable, `${words[name]} cannot be played`);
      say(`${words[name]}: said before the click: ${(await row.locator('.warn').textContent()) ?? ''}`);
      continue;
    }
    const clicked = Date.now();
    await button.click();
    const sounds = await until(async () => (await now()) > 0.05, `${words[name]} sounds`, kPatience).catch(() => false);
    if (!sounds) {
      const told = await page.locator('.bar').textContent().catch(() => '');
      check(!playable && /cannot be played/.test(told), `${words[name]} does not sound: ${told}`);
      say(`${words[name]}: the page says that it cannot be played`);
      continue;
    }
    const start = Date.now() - clicked;
    await until(async () => (await now()) > 3, `${words[name]}: three seconds`, kPatience);
    const [play] = await node.call('POST', '/api/v1/plays', { content });
    const here = play.size > 0 ? Math.round((100 * play.bytes) / play.size) : 0;
    const target = kSeconds * 0.75;
    const sought = Date.now();
    await page.getByRole('slider', { name: 'Position' }).fill(String(target));
    await until(async () => (await now()) > target + 0.05 && (await now()) < target + 10, `${words[name]} after a jump`, kPatience);
    const seek = Date.now() - sought;
    say(`${words[name].padEnd(18)} sounds after ${String(start).padStart(4)} ms, after a jump in ${String(seek).padStart(4)} ms; ${String(here).padStart(3)} % was here at 3 s`);
    check(start < kStartMs, `${words[name]} starts late`);
    check(seek < kSeekMs, `${words[name]} seeks late`);
    await page.getByRole('button', { name: 'Stop and close the player' }).click();
  }

  for (const [name, what] of [['kilo', 'a cut m4a'], ['lima', 'a FLAC called mp3']]) {
    const [hit] = await node.call('POST', '/api/v1/searches', { text: name, time_ms: 1500 });
    if (hit?.type !== 'hit') {
      say(`${what}: not offered, because it cannot be read as what it is called`);
      continue;
    }
    const row = await rowOf(page, name);
    await row.getByRole('button', { name: /^Play / }).click();
    const ended = await until(async () => (await now()) > 0.05 || /cannot be played/.test(await page.locator('.bar').textContent()), what, kPatience);
    say(`${what}: ${(await now()) > 0.05 ? 'plays as far as it goes' : 'the page says that it cannot be played'}`);
    check(ended, `${what} leaves the page without a word`);
    await page.getByRole('button', { name: 'Stop and close the player' }).click();
  }
  await page.goto(`${node.origin}/#/settings`);
  check(await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor().then(() => true, () => false), 'the page is alive');
});
