// J6, radio: ffmpeg goes on air the way Icecast's sources do; twenty players join and each hears within a second, what they
// got decodes without an error, a source that comes back is heard by those who stayed, and a crowd costs one thread little.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { promisify } from 'node:util';
import { check, temporaryFolder, journey, openPage, say, startNode, until } from './stage.mjs';

const run = promisify(execFile);
const kListeners = 20;
const kCrowd = 1000;
const kStartMs = 1000;

function onAir(radio, name, format) {
  const encode = format === 'mp3' ? ['-c:a', 'libmp3lame', '-b:a', '128k', '-f', 'mp3', '-content_type', 'audio/mpeg'] : ['-c:a', 'libopus', '-b:a', '96k', '-f', 'ogg', '-content_type', 'application/ogg'];
  return spawn('ffmpeg', ['-nostdin', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', ...encode, '-ice_name', 'La tarde', `icecast://${radio.user}:${radio.password}@${radio.listen}/live/${name}`], { stdio: 'ignore' });
}

const cpuTicks = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((sum, ticks) => sum + Number(ticks), 0);

// Joins and leaves; milliseconds to the first sound, and what was heard.
function listen(radio, name, ms) {
  const [host, port] = radio.listen.split(':');
  return new Promise((resolve) => {
    const began = performance.now();
    let first = Infinity;
    let bytes = 0;
    let head = '';
    const socket = net.connect(Number(port), host, () => socket.write(`GET /live/${name} HTTP/1.0\r\n\r\n`));
    socket.on('data', (piece) => {
      bytes += piece.length;
      const told = head.includes('\r\n\r\n');
      if (!told) head += piece.toString('latin1');
      const sound = told || (head.includes('\r\n\r\n') && !head.endsWith('\r\n\r\n'));
      if (first === Infinity && sound) first = performance.now() - began;
    });
    socket.on('error', () => {});
    setTimeout(() => { socket.destroy(); resolve({ first, bytes }); }, ms);
  });
}

journey(async () => {
  try {
    execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' });
  } catch {
    return say('left out: ffmpeg is not installed');
  }
  const node = await startNode('station', { radio: '127.0.0.1:0' });
  const [radio] = await node.call('GET', '/api/v1/radio');
  for (const format of ['mp3', 'opus']) {
    let source = onAir(radio, format, format);
    await until(async () => (await node.call('GET', '/api/v1/stations')).some((line) => line.name === format && line.bytes_in > 20_000), `${format} is on air`);
    const files = Array.from({ length: kListeners }, (_, number) => `${temporaryFolder()}/${format}-${number}`);
    const starts = [];
    await Promise.all(files.map(async (file) => {
      const sound = listen(radio, format, 3000);
      await run('curl', ['-s', '--max-time', '4', '-o', file, `http://${radio.listen}/live/${format}`]).catch(() => {});
      starts.push((await sound).first);
    }));
    starts.sort((a, b) => a - b);
    say(`${format}: ${kListeners} curls and ${kListeners} sockets; first sound after ${Math.round(starts[Math.floor(starts.length / 2)])} ms at the median, ${Math.round(starts.at(-1))} ms at the worst (limit ${kStartMs})`);
    check(starts.at(-1) < kStartMs, `${format}: everybody hears within a second`);
    let shortest = Infinity;
    for (const file of files) {
      const { stderr } = await run('ffmpeg', ['-nostdin', '-v', 'error', '-i', file, '-f', 'null', '-']).catch((error) => ({ stderr: String(error) }));
      check(stderr === '', `${format}: what was heard does not decode: ${stderr.slice(0, 200)}`);
      const { stdout } = await run('ffprobe', ['-v', 'error', '-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0', file]);
      shortest = Math.min(shortest, Number.parseInt(stdout, 10));
    }
    check(shortest > 100, `${format}: only ${shortest} frames were heard`);

    if (format === 'mp3') {
      const staying = listen(radio, format, 6000);
      source.kill('SIGKILL');
      await until(async () => (await node.call('GET', '/api/v1/stations')).some((line) => line.name === format && !line.on_air), 'the source is away');
      const [away] = (await node.call('GET', '/api/v1/stations')).filter((line) => line.name === format);
      source = onAir(radio, format, format);
      await until(async () => (await node.call('GET', '/api/v1/stations')).some((line) => line.name === format && line.on_air && line.bytes_in > away.bytes_in + 20_000), 'the source is back');
      check((await staying).bytes > 64 * 1024, 'who stayed hears the source that came back');

      const crowd = [];
      for (let came = 0; came < kCrowd; came += 50) {
        for (let one = 0; one < 50; ++one) crowd.push(listen(radio, format, 12_000));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const ticks = cpuTicks(node.child.pid);
      await new Promise((resolve) => setTimeout(resolve, 4000));
      const cpu = (cpuTicks(node.child.pid) - ticks) / 4;
      const heard = await Promise.all(crowd);
      const served = heard.filter((one) => one.first < Infinity).length;
      const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${node.child.pid}/status`, 'utf8'))[1]);
      say(`${served} of ${kCrowd} listeners served at once: ${cpu.toFixed(0)} % of a core, ${Math.round(rss / 1024)} MB`);
      check(served === kCrowd, 'a thousand listeners are served');
    }
    source.kill('SIGKILL');
  }

  const page = await openPage(node, { locale: 'es-ES' });
  await page.goto(`${node.origin}/#/radio`);
  await page.getByRole('heading', { name: 'Radio', level: 1 }).waitFor();
  await page.getByText('La tarde').first().waitFor();
});
