// Publishers that this node follows, what they put out, and what it puts out itself.
import { ask, lines, type Line } from './api';
import type { Track } from './track';

export type Publisher = {
  key: string; name: string; text: string; language: string; licence: string; link: string; art: string; version: number; updated: number;
  items: number; held: number; holders: number; mine: boolean; mirror: boolean; feed: string;
};
export type Item = {
  content: string; kind: string; title: string; text: string; licence: string; art: string; published: number; duration_ms: number;
  size_bytes: number; codec: string; stream: string;
};

export const publishers = $state({ list: [] as Publisher[], read: false });

export const ours = () => publishers.list.find((publisher) => publisher.mine);

export async function readPublishers(): Promise<void> {
  const found: Publisher[] = [];
  await lines('GET', '/api/v1/publishers', null, (line: Line) => {
    if (line.type === 'publisher') found.push(line as unknown as Publisher);
  }).catch(() => {});
  publishers.list = found;
  publishers.read = true;
}

export async function readItems(key: string): Promise<Item[]> {
  const found: Item[] = [];
  await lines('GET', `/api/v1/catalogue?publisher=${key}`, null, (line: Line) => {
    if (line.type === 'item') found.push(line as unknown as Item);
  }).catch(() => {});
  return found;
}

/** The key in what a person pasted; empty when there is none. */
export function keyIn(text: string): string {
  return /[0-9a-f]{64}/.exec(text.trim().toLowerCase())?.[0] ?? '';
}

export async function follow(key: string, mirror: boolean): Promise<void> {
  await ask('POST', '/api/v1/publishers', { key, mirror });
  await readPublishers();
}

export async function unfollow(key: string): Promise<void> {
  await ask('DELETE', `/api/v1/publishers?key=${key}`);
  await readPublishers();
}

/** An item as the player takes it. */
export function trackOf(item: Item, publisher: Publisher): Track {
  return {
    content: item.content, title: item.title, artist: publisher.name, album: '', genre: '', year: 0, duration_ms: item.duration_ms, codec: item.codec,
    bitrate_kbps: 0, size_bytes: item.size_bytes,
  };
}

/** A picture's address as this page may load it. */
export function pictureOf(art: string): string {
  if (art === '') return '';
  const url = new URL(art);
  return url.pathname + url.search;
}
