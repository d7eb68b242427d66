// J5, a musician without computer knowledge: in Spanish and with the keyboard only, files are chosen, their names and art
// shown, the slow starters named and mended, published, and found from another node.
import { readFileSync } from 'node:fs';
import { check, data, joined, journey, openPage, say, startNode, until, writeFiles } from './stage.mjs';

const kFoundMs = 5000;

// Eight green pixels by eight.
const kPicture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mPgzY7AihiGlgQAPzQ0AZ6bWakAAAAASUVORK5CYII=', 'base64');

// A new title, so that no search can find another's: same length, so no size changes.
const renamed = (bytes, title) => Buffer.from(bytes.toString('latin1').replace('Tone at 440', title), 'latin1');

// An ID3v2.3 tag with a picture of four megabytes, before the sound of an mp3.
function withLargeCover(mp3, title) {
  const frame = (name, body) => {
    const head = Buffer.alloc(10);
    head.write(name, 'latin1');
    head.writeUInt32BE(body.length, 4);
    return Buffer.concat([head, body]);
  };
  const picture = Buffer.concat([Buffer.from('\0image/png\0\x03\0', 'latin1'), kPicture, Buffer.alloc(4_000_000)]);
  const frames = Buffer.concat([frame('TIT2', Buffer.from(`\x03${title}`, 'utf8')), frame('TPE1', Buffer.from('\x03Los Ñandúes', 'utf8')), frame('APIC', picture)]);
  const head = Buffer.from('ID3\x03\0\0\0\0\0\0', 'latin1');
  for (let byte = 0; byte < 4; ++byte) head[6 + byte] = (frames.length >> (7 * (3 - byte))) & 127;
  const oldTag = mp3.toString('latin1', 0, 3) === 'ID3' ? 10 + ((mp3[6] << 21) | (mp3[7] << 14) | (mp3[8] << 7) | mp3[9]) : 0;
  return Buffer.concat([head, frames, mp3.subarray(oldTag)]);
}

// Tab until the focus is where we want it; how many presses it took.
async function tabTo(page, wanted, most = 60) {
  for (let presses = 1; presses <= most; ++presses) {
    await page.keyboard.press('Tab');
    const text = await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '');
    if (wanted.test(text)) return presses;
  }
  throw new Error(`no stop of the Tab key is ${wanted}`);
}

// What a file is like is said once it has been read: each in its own time.
const appears = (what) => what.waitFor({ timeout: 5000 }).then(() => true, () => false);

journey(async () => {
  const folder = writeFiles('songs', {
    'portada.mp3': withLargeCover(readFileSync(`${data}tone.mp3`), 'Canción de la portada'),
    'indice.m4a': renamed(readFileSync(`${data}tone.m4a`), 'Indice tras'),
    'crudo.wav': readFileSync(`${data}tone.wav`),
  });
  const musician = await startNode('musician');
  const listener = await startNode('listener', { bootstrap: musician.status.self });
  await joined();
  const page = await openPage(musician, { locale: 'es-ES' });
  const began = Date.now();
  // Listened for from the start: the browser only hands a chooser over that was asked for before it opens.
  const opened = page.waitForEvent('filechooser', { timeout: 60_000 });

  await tabTo(page, /^Publicar$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Publicar', level: 1 }).waitFor();
  await tabTo(page, /^Elegir archivos$/);
  await page.keyboard.press('Enter');
  await (await opened).setFiles(['portada.mp3', 'indice.m4a', 'crudo.wav'].map((name) => `${folder}/${name}`));

  await page.getByText('Canción de la portada').waitFor();
  check(await appears(page.getByText(/Lleva una imagen de 4 MB/)), 'the large picture is named');
  check(await appears(page.getByText(/Su índice está al final/)), 'the index at the end is named');
  check(await appears(page.getByText(/Sin comprimir/)), 'the uncompressed file is named');
  check((await page.locator('li img').count()) === 1, 'the art is shown');
  const wide = await page.locator('li img').evaluate(async (image) => { await image.decode(); return image.naturalWidth; });
  check(wide > 0, 'the art is a picture');

  for (let mended = 0; mended < 2; ++mended) {
    await tabTo(page, /^Optimizar$/);
    await page.keyboard.press('Enter');
    await until(async () => (await page.getByText('Ya empieza al momento').count()) === mended + 1, 'the file is mended');
    await page.locator('main').focus();
  }
  await tabTo(page, /^Publicar 3 archivos$/);
  await page.keyboard.press('Enter');
  await page.getByText('3 archivos publicados').waitFor();
  const published = Date.now();
  say(`published ${((published - began) / 1000).toFixed(1)} s after the page was open (limit 180)`);
  check(published - began < 180_000, 'under three minutes');

  for (const title of ['cancion portada', 'indice tras']) {
    const from = Date.now();
    const hit = await until(async () => (await listener.call('POST', '/api/v1/searches', { text: title, limit: 5, time_ms: 1000 })).find((line) => line.type === 'hit'), `'${title}' is found`, kFoundMs);
    say(`'${title}' found from another node after ${Date.now() - from} ms: "${hit.title}", ${hit.size_bytes} bytes`);
    if (title.startsWith('cancion')) check(hit.size_bytes < 100_000, 'the picture does not stand before the sound any more');
    const [done] = (await listener.call('POST', '/api/v1/fetches', { content: hit.content })).slice(-1);
    check(done.type === 'done' && done.verified, `'${title}' is fetched and verified`);
    if (title.startsWith('indice')) {
      const text = readFileSync(done.file).toString('latin1');
      check(text.indexOf('moov') < text.indexOf('mdat'), 'the index stands first');
    }
  }
  await tabTo(page, /^Buscarlo$/);
  await page.keyboard.press('Enter');
  await page.locator('.rows li').first().waitFor();
});
