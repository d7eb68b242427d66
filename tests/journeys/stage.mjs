// What every journey stands on: nodes of their own in a temporary folder, a browser, checks that count, numbers printed.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const data = fileURLToPath(new URL('../data/audio/', import.meta.url));
const earshot = process.env.EARSHOT;
const folder = mkdtempSync(join(tmpdir(), 'earshot-journey-'));
const began = Date.now();
const nodes = [];
let browser = null;
let failures = 0;

export function check(holds, what) {
  if (holds) return;
  failures += 1;
  console.error(`   FAILED: ${what}`);
}

export function say(...words) {
  console.log('  ', ...words);
}

/** A node with its own data folder; ready when it answers. */
export async function startNode(name, { bootstrap, share, radio, more = [] } = {}) {
  const datadir = join(folder, name);
  mkdirSync(datadir, { mode: 0o700, recursive: true });
  const options = ['node', '--datadir', datadir, '--listen', '127.0.0.1:0', '--http-port', '0', '--download', join(datadir, 'music'), '--log-level', 'error', ...more];
  if (bootstrap) options.push('--bootstrap', bootstrap);
  if (share) options.push('--share', share);
  if (radio) options.push('--radio', radio);
  const child = spawn(earshot, options, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  child.on('exit', (code) => check(code === 0, `${name} ended with ${code}: ${said}`));
  const socket = join(datadir, 'run', 'earshot.sock');
  const node = { name, datadir, socket, child, call: (method, path, body) => callUnix(socket, method, path, body) };
  nodes.push(node);
  node.status = await until(() => node.call('GET', '/api/v1/status').then((lines) => lines[0]), `${name} answers`);
  node.origin = `http://${node.status.http}`;
  return node;
}

/** Before a node goes that pages still ask. */
export async function closeBrowser() {
  await browser?.close();
  browser = null;
}

/** Ends a node before its journey does. */
export async function stopNode(node) {
  nodes.splice(nodes.indexOf(node), 1);
  const gone = new Promise((resolve) => node.child.once('exit', resolve));
  node.child.kill('SIGTERM');
  await gone;
}

/** One request over the node's own socket; the lines of its answer. */
export function callUnix(socketPath, method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, method, path, headers: { 'Content-Type': 'application/json', Host: 'localhost' } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => (text += piece));
      response.on('end', () => resolve(text.split('\n').filter(Boolean).map((line) => JSON.parse(line))));
    });
    request.on('error', reject);
    request.end(body === undefined ? '' : JSON.stringify(body));
  });
}

export async function until(ask, what, timeoutMs = 20_000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await Promise.resolve().then(ask).catch(() => null);
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`gave up waiting: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Waits until every node has a neighbor. */
export function joined() {
  return until(async () => {
    for (const node of nodes) {
      const [status] = await node.call('GET', '/api/v1/status');
      if (status.neighbors === 0) return false;
    }
    return true;
  }, 'all nodes have neighbors');
}

export async function openBrowser(more = []) {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', ...more],
  });
  return browser;
}

/** A page of this node, come in by a link. Complaints of the browser count as failures. */
export async function openPage(node, options = {}) {
  const [link] = await node.call('POST', '/api/v1/links', {});
  return openAddress(link.url, options);
}

/** The same by an address that opens it once. */
export async function openAddress(address, options = {}) {
  const context = await (await openBrowser()).newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => check(false, `the page threw: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) check(false, `the browser complains: ${message.text()}`);
  });
  await page.goto(address);
  await page.locator('#search-field').waitFor();
  await page.locator('nav a[href="#/publish"]').waitFor();
  return page;
}

/** The folder of this journey, gone when it ends. */
export const temporaryFolder = () => folder;

/** Files written into a folder of this journey. */
export function writeFiles(name, files) {
  const target = join(folder, name);
  mkdirSync(target, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(target, file), bytes);
  return target;
}

/** Runs a journey, tears everything down, and ends the process with what came of it. */
export async function journey(walk) {
  try {
    await walk();
  } catch (error) {
    check(false, error.stack ?? String(error));
  }
  await browser?.close().catch(() => {});
  for (const node of nodes) node.child.kill('SIGTERM');
  await Promise.all(nodes.map((node) => node.child.exitCode !== null || node.child.signalCode !== null || new Promise((resolve) => node.child.once('exit', resolve))));
  rmSync(folder, { recursive: true, force: true });
  say(`${failures === 0 ? 'passed' : `${failures} FAILED`} in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  process.exit(failures === 0 ? 0 : 1);
}
