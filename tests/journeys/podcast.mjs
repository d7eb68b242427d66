// J7, a podcast: three episodes are published, followed and mirrored; a fourth comes; the publisher's machine goes, and all
// four still play from the feed of a follower, also after a restart, and of somebody who comes only then. An existing feed
// is imported. Everything by the command line, as an ordinary podcast player and a musician meet it.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { check, data, joined, journey, say, startNode, stopNode, until, writeFiles } from './stage.mjs';

const kNewsMs = 60_000;
const run = promisify(execFile);
const sha = (bytes) => createHash('sha256').update(bytes).digest('hex');
// The fixtures differ in format; the feed's lengths must be those of the files.
const kEpisodes = ['tone.mp3', 'tone.ogg', 'tone.flac', 'tone.m4a'];

async function cli(node, ...words) {
  const { stdout } = await run(process.env.EARSHOT, [...words, '--json', '--datadir', node.datadir]);
  return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

// What a podcast player does: reads the feed, asks for a part, downloads the enclosures.
async function listen(feed, wanted) {
  const response = await fetch(feed);
  check(response.headers.get('content-type')?.startsWith('application/rss+xml'), 'the feed says that it is RSS');
  const xml = await response.text();
  const enclosures = [...xml.matchAll(/<enclosure url="([^"]+)" length="(\d+)"/g)].map(([, url, length]) => ({ url: url.replaceAll('&amp;', '&'), length: Number(length) }));
  const digests = [];
  for (const { url, length } of enclosures) {
    const part = await fetch(url, { headers: { Range: 'bytes=10-19' } });
    const bytes = Buffer.from(await part.arrayBuffer());
    check(part.status === 206 && bytes.length === 10 && part.headers.get('content-range') === `bytes 10-19/${length}`, `a range of an enclosure: ${part.status} ${part.headers.get('content-range')} of ${length}`);
    const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
    check(whole.length === length, `an enclosure has ${whole.length} bytes, the feed says ${length}`);
    digests.push(sha(whole));
  }
  check(digests.length === wanted, `${digests.length} enclosures, not ${wanted}`);
  return { xml, digests };
}

journey(async () => {
  const publisher = await startNode('publisher');
  const follower = await startNode('follower', { bootstrap: publisher.status.self });
  const late = await startNode('late', { bootstrap: follower.status.self });
  await joined();

  const files = writeFiles('episodes', Object.fromEntries(kEpisodes.map((name) => [name, readFileSync(join(data, name))])));
  const expected = kEpisodes.map((name) => sha(readFileSync(join(data, name))));
  const [{ key }] = await cli(publisher, 'publish', '--name', 'Radio Ñandú', '--text', 'Of birds & sounds', '--licence', 'cc-by-sa', '--language', 'es');
  for (const name of kEpisodes.slice(0, 3)) await cli(publisher, 'publish', join(files, name), '--title', `Episodio ${name}`);

  await cli(follower, 'mirror', key);
  const followed = () => cli(follower, 'follow').then((rows) => rows.find((row) => row.key === key));
  const began = Date.now();
  await until(async () => (await followed()).held === 3, 'three episodes are mirrored', 60_000);
  say(`three episodes mirrored ${Date.now() - began} ms after the publisher was followed`);
  const { feed } = await followed();
  const first = await listen(feed, 3);
  check(first.xml.includes('<podcast:guid>') && first.xml.includes('Of birds &amp; sounds'), 'the feed has its guid and its text');

  await cli(publisher, 'publish', join(files, kEpisodes[3]), '--title', 'Episodio 4');
  const published = Date.now();
  await until(async () => (await (await fetch(feed)).text()).includes('Episodio 4'), 'the fourth episode is in the follower’s feed', kNewsMs);
  say(`the fourth episode was in the follower's feed after ${Date.now() - published} ms (limit ${kNewsMs})`);
  await until(async () => (await followed()).held === 4, 'and is mirrored', 60_000);

  await stopNode(publisher);
  const { digests } = await listen(feed, 4);
  check(digests.toSorted().join() === expected.toSorted().join(), 'the enclosures are the files, byte for byte');
  await cli(late, 'follow', key);
  const known = await until(() => cli(late, 'follow').then((rows) => rows.find((row) => row.key === key && row.items === 4)), 'somebody who comes later', 60_000);
  check((await listen(known.feed, 4)).digests.toSorted().join() === expected.toSorted().join(), 'who follows without copies hears all four from the mirror');
  say('with the publisher gone, 4 of 4 episodes come from the mirror, for a follower and for a newcomer');
  const [{ hits }] = (await cli(late, 'search', 'kind:publisher', 'nandu', '--time', '2')).slice(-1);
  check(hits === 1, 'the publisher is found by its name');

  const old = writeFiles('feed', {
    'one.mp3': readFileSync(join(data, 'tone.mp3')),
    'feed.xml': `<?xml version="1.0"?><rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel><title>La hora vieja</title><description>Antes en la web</description>
      <podcast:guid>917393e3-1b1e-5cef-ace4-edaa54e1f810</podcast:guid><item><title>El primero</title><guid>viejo-1</guid><pubDate>Sun, 06 Nov 1994 08:49:37 GMT</pubDate><enclosure url="one.mp3" length="1" type="audio/mpeg"/></item></channel></rss>`,
  });
  await cli(late, 'feed', 'import', join(old, 'feed.xml'));
  const imported = (await cli(late, 'feed')).find((row) => row.mine);
  const { xml } = await listen(imported.feed, 1);
  check(['<title>La hora vieja</title>', '917393e3-1b1e-5cef-ace4-edaa54e1f810', '>viejo-1</guid>', 'Sun, 06 Nov 1994 08:49:37 GMT'].every((text) => xml.includes(text)), 'an imported feed keeps its names and times');
});
