// The search that is on the page: rows merge by content as they come, and filters choose among them.
import { CallError, lines, type Line } from './api';
import { remember } from './prefs.svelte';
import { formatOf, hasAudio, isLossless, type Hit } from './track';

export type Summary = { hits: number; holders: number; ms: number; messages: number; neighbors: number };
export type Filters = {
  length: '' | 'short' | 'song' | 'long'; quality: '' | '128' | '256' | 'lossless'; codec: string; decade: string; kind: string; licence: string;
  publisher: string; playable: boolean;
};
export type Order = 'best' | 'spread' | 'newest' | 'title';

const kNoFilters: Filters = { length: '', quality: '', codec: '', decade: '', kind: '', licence: '', publisher: '', playable: false };
const kOldest = 1960;

export const search = $state({
  text: '',
  running: false,
  stopped: false,
  rows: [] as Hit[],
  summary: null as Summary | null,
  error: null as CallError | null,
  filters: { ...kNoFilters },
  order: 'best' as Order,
  settled: false,  // rows may be put in order: nobody is about to press one
});

let stopper: AbortController | null = null;
const places = new Map<string, number>();

export async function find(text: string): Promise<void> {
  stopper?.abort();
  const mine = new AbortController();
  stopper = mine;
  places.clear();
  Object.assign(search, { text, running: true, stopped: false, rows: [], summary: null, error: null, filters: { ...kNoFilters }, settled: false });
  remember(text);
  try {
    const last = await lines('POST', '/api/v1/searches', { text, limit: 50 }, take, mine.signal);
    if (stopper === mine && last?.type === 'summary') search.summary = last as unknown as Summary;
  } catch (error) {
    if (stopper === mine && error instanceof CallError) search.error = error;
  }
  if (stopper === mine) search.running = false;
}

export function stop(): void {
  stopper?.abort();
  search.running = false;
  search.stopped = true;
}

export function forget(): void {
  stopper?.abort();
  stopper = null;
  Object.assign(search, { text: '', running: false, stopped: false, rows: [], summary: null, error: null });
}

// A later line of the same content knows more holders: it takes the earlier one's place, so no row moves.
function take(line: Line): void {
  if (line.type !== 'hit') return;
  const hit = line as unknown as Hit;
  const place = places.get(hit.content);
  if (place !== undefined) {
    search.rows[place] = hit;
  } else {
    places.set(hit.content, search.rows.length);
    search.rows.push(hit);
  }
}

export function computers(): number {
  return new Set(search.rows.flatMap((row) => row.holders.map((holder) => holder.key))).size;
}

export function resetFilters(): void {
  search.filters = { ...kNoFilters };
}

export function isFiltered(): boolean {
  return JSON.stringify(search.filters) !== JSON.stringify(kNoFilters);
}

/** What the rows at hand offer to choose from; a choice of one is none. */
export function choices(): { codecs: string[]; decades: string[]; kinds: string[]; licences: string[]; publishers: string[] } {
  const distinct = (values: string[]) => [...new Set(values.filter((value) => value !== ''))].sort();
  const rows = search.rows;
  return {
    codecs: distinct(rows.map((row) => (formatOf(row.codec) ? row.codec : ''))),
    decades: distinct(rows.map((row) => decadeOf(row.year))),
    kinds: distinct(rows.map((row) => row.kind ?? '')),
    licences: distinct(rows.map((row) => row.licence ?? '')),
    publishers: distinct(rows.map((row) => row.publisher ?? '')),
  };
}

export function decadeOf(year: number): string {
  if (year === 0) return '';
  return year < kOldest ? String(kOldest - 1) : String(year - (year % 10));
}

export function visible(): Hit[] {
  const rows = search.rows.filter(passes);
  return search.settled ? rows.toSorted(kOrders[search.order]) : rows;
}

const kOrders: Record<Order, (a: Hit, b: Hit) => number> = {
  best: (a, b) => b.score - a.score || b.holders.length - a.holders.length,
  spread: (a, b) => b.holders.length - a.holders.length || b.score - a.score,
  newest: (a, b) => b.year - a.year || b.score - a.score,
  title: (a, b) => a.title.localeCompare(b.title),
};

function passes(row: Hit): boolean {
  const { length, quality, codec, decade, kind, licence, publisher, playable } = search.filters;
  const minutes = row.duration_ms / 60_000;
  if (length === 'short' && !(minutes > 0 && minutes < 3)) return false;
  if (length === 'song' && !(minutes >= 3 && minutes <= 10)) return false;
  if (length === 'long' && !(minutes > 10)) return false;
  if (quality === 'lossless' && !isLossless(row)) return false;
  if ((quality === '128' || quality === '256') && !isLossless(row) && row.bitrate_kbps < Number(quality)) return false;
  if (codec && row.codec !== codec) return false;
  if (decade && decadeOf(row.year) !== decade) return false;
  if (kind && row.kind !== kind) return false;
  if (licence && row.licence !== licence) return false;
  if (publisher && row.publisher !== publisher) return false;
  return !playable || hasAudio(row);
}
