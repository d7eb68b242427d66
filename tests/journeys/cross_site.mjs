// THREATS: what a web page of a stranger can do to a node that runs on the machine of its reader. Nine kinds of request to
// every route, from another port of this machine and from a name that is bound anew to 127.0.0.1: no state changes and no
// byte is read.
import { createHash } from 'node:crypto';
import { readdirSync, existsSync } from 'node:fs';
import http from 'node:http';
import { check, journey, openBrowser, say, startNode } from './stage.mjs';

const kBodies = {
  '/api/v1/shares': { path: '/etc' }, '/api/v1/searches': { text: 'tone' }, '/api/v1/fetches': { content: `ppspp:${'0'.repeat(64)}`, providers: ['127.0.0.1:9'] },
  '/api/v1/imports': { path: '/etc/passwd' }, '/api/v1/join': { contacts: [`earshot://${'1'.repeat(64)}@127.0.0.1:9`] }, '/api/v1/uploads': { name: 'a.ogg', size: 1 },
  '/api/v1/publishers': { key: '1'.repeat(64), mirror: true }, '/api/v1/catalogue': { name: 'Stranger' }, '/api/v1/catalogue/items': { kind: 'station', title: 'Stranger', stream: 'live:x' },
  '/api/v1/playlists': { format: 'm3u8', tracks: [] }, '/api/v1/wishes': { text: 'stranger' },
};

// Runs in the stranger's page. Every attempt says what it could read.
async function attack({ origin, routes, bodies }) {
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const read = [];
  let tried = 0;
  const element = (name, attribute, url) => new Promise((resolve) => {
    const made = document.createElement(name);
    if (name === 'link') made.rel = 'stylesheet';
    made.onload = () => resolve(name === 'iframe' ? '' : `${name} loaded ${url}`);
    made.onerror = () => resolve('');
    made[attribute] = url;
    document.body.append(made);
    setTimeout(() => resolve(''), 700);
  });
  const text = (promise) => promise.then((response) => (response.type === 'opaque' ? '' : response.text())).then((body) => body.slice(0, 200)).catch(() => '');
  const attempt = async (route, number) => {
    const [method, path] = route.split(' ');
    const url = origin + path;
    const body = JSON.stringify(bodies[path] ?? {});
    const form = document.createElement('form');
    const sink = document.createElement('iframe');
    sink.name = `sink${number}`;
    Object.assign(form, { method: 'POST', action: url, target: sink.name, enctype: 'text/plain' });
    form.append(Object.assign(document.createElement('input'), { name: body, value: '' }));
    document.body.append(sink, form);
    form.submit();
    const results = await Promise.all([
      text(fetch(url, { mode: 'no-cors', method: method === 'GET' ? 'GET' : 'POST', credentials: 'include', ...(method === 'GET' ? {} : { body, headers: { 'Content-Type': 'text/plain' } }) })),
      text(fetch(url, { method, headers: { 'Content-Type': 'application/json', Authorization: 'Bearer 0' }, ...(method === 'GET' ? {} : { body }) })),
      element('img', 'src', url),
      element('script', 'src', url),
      element('link', 'href', url),
      element('iframe', 'src', url).then(() => {
        try {
          return [...frames].map((frame) => frame.document.body.textContent).join('');
        } catch {
          return '';
        }
      }),
      new Promise((resolve) => {
        const source = new EventSource(url);
        source.onmessage = source.onopen = () => resolve(`EventSource open ${url}`);
        source.onerror = () => { source.close(); resolve(''); };
      }),
    ]);
    tried += results.length + 1;
    read.push(...results.filter((result) => result !== ''));
  };
  // A browser makes each socket wait for seconds after some were refused, so all of them wait at once.
  const sockets = Promise.all(routes.map((route) => new Promise((resolve) => {
    const url = origin.replace(/^http/, 'ws') + route.split(' ')[1];
    const socket = new WebSocket(url, ['earshot.v1', 'token.0']);
    socket.onopen = () => resolve(`WebSocket open ${url}`);
    socket.onerror = () => resolve('');
  })));
  for (let from = 0; from < routes.length; from += 6) await Promise.all(routes.slice(from, from + 6).map((route, at) => attempt(route, from + at)));
  const opened = await sockets;
  tried += opened.length;
  read.push(...opened.filter((result) => result !== ''));
  await wait(300);
  return { tried, read };
}

// All that an attempt could have changed, as one digest.
async function stateOf(node) {
  const [status] = await node.call('GET', '/api/v1/status');
  const { tracks, shares, fetches, contacts, open_queries, queries_out, self } = status;
  const offered = await node.call('GET', '/api/v1/shares');
  const followed = await node.call('GET', '/api/v1/publishers');
  const wishes = await node.call('GET', '/api/v1/wishes');
  const files = existsSync(`${node.datadir}/music`) ? readdirSync(`${node.datadir}/music`, { recursive: true }) : [];
  return createHash('sha256').update(JSON.stringify({ tracks, shares, fetches, contacts, open_queries, queries_out, self, offered, followed, wishes, files })).digest('hex');
}

journey(async () => {
  const node = await startNode('node');
  const { routes } = node.status;
  const all = [...routes, 'GET /', 'GET /icon.svg', 'GET /content/ppspp:00', `GET /feed/${'0'.repeat(64)}.xml`, 'GET /no/such/route'];
  const before = await stateOf(node);
  const port = new URL(node.origin).port;
  const browser = await openBrowser([`--host-resolver-rules=MAP evil.example 127.0.0.1`]);

  const stranger = http.createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<title>stranger</title><body>')).listen(0, '127.0.0.1');
  await new Promise((resolve) => stranger.once('listening', resolve));
  const page = await (await browser.newContext()).newPage();
  let tried = 0;
  for (const host of ['127.0.0.1', 'evil.example']) {
    await page.goto(`http://${host}:${stranger.address().port}/`);
    for (const origin of [node.origin, `http://localhost:${port}`]) {
      const result = await page.evaluate(attack, { origin, routes: all, bodies: kBodies });
      tried += result.tried;
      for (const what of result.read) check(false, `read across sites: ${what}`);
    }
  }

  // The name is bound to the node itself: same origin for the browser, and still nothing.
  const rebound = await (await browser.newContext()).newPage();
  await rebound.route('**/stranger', (route) => route.fulfill({ contentType: 'text/html', body: '<title>stranger</title><body>' }));
  await rebound.goto(`http://evil.example:${port}/stranger`);
  const result = await rebound.evaluate(attack, { origin: `http://evil.example:${port}`, routes: all, bodies: kBodies });
  tried += result.tried;
  for (const what of result.read) check(false, `read by rebinding: ${what}`);

  // The same attempts from the page's own origin do read its files: the suite can see what it looks for.
  const own = await (await browser.newContext()).newPage();
  await own.goto(node.origin);
  const control = await own.evaluate(attack, { origin: node.origin, routes: ['GET /', 'GET /icon.svg'], bodies: {} });
  check(control.read.length >= 3, 'the suite is blind');

  check((await stateOf(node)) === before, 'the state of the node changed');
  check(tried === 5 * 9 * all.length, `${tried} attempts are not all`);
  say(`${tried} attempts, 9 kinds of request x ${all.length} routes, from two strange sites and by DNS rebinding: 0 state changes, 0 bytes read`);
  stranger.close();
});
