// Writes dist/sources.sha256: the digest of everything that the built page is made of. A test computes it again, so that
// a page that was changed and not built is noticed without Node.
//   for every file, sorted by path: path, newline, its SHA-256 in hexadecimal, newline; the SHA-256 of that text
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const roots = ['index.html', 'package-lock.json', 'package.json', 'public', 'src', 'svelte.config.js', 'tsconfig.json', 'vite.config.ts'];
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

function filesOf(path) {
  try {
    return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
  } catch {
    return [path];
  }
}

const listing = roots.flatMap(filesOf).sort().map((path) => `${path}\n${sha256(readFileSync(path))}\n`).join('');
writeFileSync('dist/sources.sha256', `${sha256(listing)}\n`);
