// What a person is about to publish: files looked at, mended if they wish, brought to the node, and shared from there.
import { ask, CallError, http, lines } from './api';
import { isAudio, look, type Look } from './audiofile';
import { node } from './node.svelte';
import { ours, readPublishers } from './publishers.svelte';

export type Item = { id: number; file: File; look: Look | null; art: string; fixed: Blob | null };

const kPiece = 64 * 1024;  // a body that the node takes
export const kMaxBytes = 2 * 2 ** 30;

export const publish = $state({
  items: [] as Item[],
  ignored: 0,
  state: 'choosing' as 'choosing' | 'sending' | 'indexing' | 'done' | 'failed',
  percent: 0,
  published: 0,
  failed: 0,
  error: '',
  firstTitle: '',
  name: '',  // under which it is put out; empty: only shared
  licence: '',
  kind: 'track' as 'track' | 'episode',
  address: '',  // of the publisher, once something was put out
});

let last = 0;
let stopper: AbortController | null = null;

export async function choose(files: Iterable<File>): Promise<void> {
  for (const file of files) {
    if (!isAudio(file.name)) {
      publish.ignored += 1;
      continue;
    }
    if (publish.items.some((item) => item.file.name === file.name && item.file.size === file.size)) continue;
    publish.items.push({ id: ++last, file, look: null, art: '', fixed: null });
    const item = publish.items.at(-1)!;
    item.look = await look(file);
    if (item.look.cover) item.art = URL.createObjectURL(item.look.cover);
  }
}

/** The files of a drop, folders walked. */
export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return [...transfer.files];
  const files: File[] = [];
  for (const entry of entries) await walk(entry, files);
  return files;
}

async function walk(entry: FileSystemEntry, files: File[]): Promise<void> {
  if (entry.isFile) {
    files.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, files);
  }
}

export async function optimise(item: Item): Promise<void> {
  if (!item.look?.fix) return;
  try {
    item.fixed = await item.look.fix();
    item.look.slow = null;
  } catch {
    item.look.fix = null;
  }
}

export function remove(id: number): void {
  const at = publish.items.findIndex((item) => item.id === id);
  const [gone] = at < 0 ? [] : publish.items.splice(at, 1);
  if (gone?.art) URL.revokeObjectURL(gone.art);
}

export function reset(): void {
  for (const item of [...publish.items]) remove(item.id);
  Object.assign(publish, { ignored: 0, state: 'choosing', percent: 0, published: 0, failed: 0, error: '', firstTitle: '', address: '' });
}

export function stop(): void {
  stopper?.abort();
}

export async function send(): Promise<void> {
  const folder = node.status?.published;
  const going = publish.items.filter((item) => item.file.size <= kMaxBytes);
  if (!folder || going.length === 0) return;
  stopper = new AbortController();
  const signal = stopper.signal;
  Object.assign(publish, { state: 'sending', percent: 0, error: '', firstTitle: going[0]!.look?.title || going[0]!.file.name.replace(/\.[^.]+$/, '') });
  const all = going.reduce((sum, item) => sum + (item.fixed ?? item.file).size, 0);
  let sent = 0;
  const files: string[] = [];
  try {
    for (const item of going) {
      files.push(await bring(item.file.name, item.fixed ?? item.file, signal, (bytes) => {
        sent += bytes;
        publish.percent = Math.floor((sent / all) * 100);
      }));
    }
    publish.state = 'indexing';
    const report = await lines('POST', '/api/v1/shares', { path: folder }, () => {}, signal);
    publish.failed = Number(report?.failed ?? 0);
    publish.published = going.length - publish.failed;
    if (publish.name.trim() !== '') await putOut(files);
    publish.state = 'done';
  } catch (error) {
    if (signal.aborted) publish.state = 'choosing';
    else {
      publish.state = 'failed';
      publish.error = error instanceof CallError ? error.message : String(error);
    }
  }
}

// Into the catalogue that this node signs, under the name that was given.
async function putOut(files: string[]): Promise<void> {
  await readPublishers();
  const name = publish.name.trim();
  const before = ours();
  const { text = '', language = '', licence = '', link = '' } = before ?? {};
  if (before?.name !== name) await ask('POST', '/api/v1/catalogue', { name, text, language, licence, link });
  for (const file of files) await ask('POST', '/api/v1/catalogue/items', { file, kind: publish.kind, licence: publish.licence });
  await readPublishers();
  publish.address = `earshot:${ours()?.key ?? ''}`;
}

/** Its path at the node. */
async function bring(name: string, bytes: Blob, signal: AbortSignal, sent: (bytes: number) => void): Promise<string> {
  const { id } = await ask('POST', '/api/v1/uploads', { name, size: bytes.size });
  try {
    for (let offset = 0; offset < bytes.size; offset += kPiece) {
      signal.throwIfAborted();
      const piece = bytes.slice(offset, offset + kPiece);
      const { file } = await http('PUT', `/api/v1/uploads?id=${Number(id)}&offset=${offset}`, piece);
      sent(piece.size);
      if (file) return String(file);
    }
    throw new CallError('stopped', 'the file did not arrive whole');
  } catch (error) {
    await http('DELETE', `/api/v1/uploads?id=${Number(id)}`).catch(() => {});
    throw error;
  }
}
