// One <audio> element and the queue before it. The node serves the bytes (GET /content/ID) as they are verified; the
// address comes from POST /api/v1/plays, which also begins to fetch, so the next in the queue is asked for early.
import { ask, CallError } from './api';
import { can, node } from './node.svelte';
import { prefs } from './prefs.svelte';
import { peaksOf } from './waveform';
import { artistOf, titleOf, type Track } from './track';

const kKey = 'earshot.queue';
const kEarly = 30;  // seconds before the end of a track
const kSettled = 5;  // seconds after which somebody listens, and does not only look
const kMaxQueue = 500;

type State = 'idle' | 'loading' | 'playing' | 'paused' | 'waiting' | 'failed';

function stored(): { queue: Track[]; at: number } {
  try {
    const found = JSON.parse(localStorage.getItem(kKey) ?? '');
    return { queue: found.queue ?? [], at: found.at ?? -1 };
  } catch {
    return { queue: [], at: -1 };
  }
}

export const player = $state({
  ...stored(),
  state: 'idle' as State,
  time: 0,
  length: 0,
  loaded: 0,  // seconds that can be heard
  peaks: null as number[] | null,
  muted: false,
  open: false,  // the queue is shown
});

export const current = () => player.queue[player.at];
export const canPlay = () => can('POST /api/v1/plays');
export const isCurrent = (track: Track) => current()?.content === track.content && player.state !== 'idle';

let audio: HTMLAudioElement | null = null;
let source = '';
let asked = '';

function element(): HTMLAudioElement {
  if (audio) return audio;
  const made = new Audio();
  audio = made;
  made.preload = 'auto';
  made.volume = prefs.volume;
  made.addEventListener('playing', () => (player.state = 'playing'));
  made.addEventListener('pause', () => {
    if (!made.ended && player.state !== 'idle' && player.state !== 'loading') player.state = 'paused';
  });
  made.addEventListener('waiting', () => {
    if (!made.paused) player.state = 'waiting';
  });
  made.addEventListener('error', () => {
    if (made.getAttribute('src')) player.state = 'failed';
  });
  made.addEventListener('durationchange', measure);
  made.addEventListener('progress', measure);
  made.addEventListener('timeupdate', () => {
    measure();
    if (player.length > 0 && player.length - player.time < kEarly) void fetchAhead();
  });
  made.addEventListener('ended', () => (player.at + 1 < player.queue.length ? void go(player.at + 1) : close()));
  return made;
}

// The length that the publisher told counts: browsers guess it wrong for some files.
function measure(): void {
  const made = element();
  const told = (current()?.duration_ms ?? 0) / 1000;
  player.time = made.currentTime;
  player.length = told > 0 ? told : Number.isFinite(made.duration) ? made.duration : 0;
  const ranges = made.buffered;
  player.loaded = 0;
  for (let i = 0; i < ranges.length; ++i) {
    if (ranges.start(i) <= made.currentTime + 0.5) player.loaded = Math.max(player.loaded, ranges.end(i));
  }
  // Browsers hold back from long tracks: after a while of listening the rest is asked for, which the node has or will need.
  if (!player.peaks && player.length > 0 && (player.loaded >= player.length - 1.5 || player.time > kSettled)) void draw();
}

let drawing = '';

async function draw(): Promise<void> {
  const track = current();
  if (!track || drawing === track.content) return;
  drawing = track.content;
  const peaks = await peaksOf(track, source);
  if (current()?.content === track.content) player.peaks = peaks;
}

async function go(place: number): Promise<void> {
  const track = player.queue[place];
  if (!track) return;
  const made = element();
  Object.assign(player, { at: place, state: 'loading', time: 0, length: track.duration_ms / 1000, loaded: 0, peaks: null });
  keep();
  announce(track);
  try {
    const answer = await ask('POST', '/api/v1/plays', { content: track.content });
    if (current()?.content !== track.content) return;
    const url = new URL(String(answer.url));
    source = url.pathname + url.search;
    made.src = source;
    await made.play();
  } catch (error) {
    if (current()?.content !== track.content) return;
    if (error instanceof DOMException && error.name === 'AbortError') return;
    player.state = error instanceof DOMException && error.name === 'NotAllowedError' ? 'paused' : 'failed';
    if (error instanceof CallError || player.state === 'failed') made.removeAttribute('src');
  }
}

async function fetchAhead(): Promise<void> {
  const next = player.queue[player.at + 1];
  if (!next || asked === next.content || node.link !== 'open') return;
  asked = next.content;
  await ask('POST', '/api/v1/plays', { content: next.content }).catch(() => {});
}

/** Plays a track now; the queue goes on behind it. */
export function play(track: Track): void {
  if (isCurrent(track)) return toggle();
  const known = player.queue.findIndex((other) => other.content === track.content);
  if (known >= 0) return void go(known);
  player.queue.splice(player.at + 1, 0, plain(track));
  void go(player.at + 1);
}

export function playNext(track: Track): void {
  add(track, player.at + 1);
}

export function enqueue(track: Track): void {
  add(track, player.queue.length);
}

function add(track: Track, place: number): void {
  if (player.queue.length >= kMaxQueue || player.queue.some((other) => other.content === track.content)) return;
  player.queue.splice(place, 0, plain(track));
  keep();
}

// Without the holders: they belong to the search.
function plain(track: Track): Track {
  const { content, title, artist, album, genre, year, duration_ms, codec, bitrate_kbps, size_bytes } = track;
  return { content, title, artist, album, genre, year, duration_ms, codec, bitrate_kbps, size_bytes };
}

export function toggle(): void {
  if (!current()) return;
  const made = element();
  if (player.state === 'idle' || player.state === 'failed' || !made.getAttribute('src')) return void go(player.at);
  if (made.paused) void made.play().catch(() => (player.state = 'failed'));
  else made.pause();
}

export function next(): void {
  if (player.at + 1 < player.queue.length) void go(player.at + 1);
}

/** Back to the beginning, or to the track before when we are there. */
export function previous(): void {
  if (player.time > 4 || player.at <= 0) seek(0);
  else void go(player.at - 1);
}

export function seek(seconds: number): void {
  const made = element();
  made.currentTime = seconds;
  player.time = seconds;
}

export function jump(place: number): void {
  void go(place);
}

export function setVolume(volume: number): void {
  prefs.volume = volume;
  element().volume = volume;
  setMuted(false);
}

export function setMuted(muted: boolean): void {
  player.muted = muted;
  element().muted = muted;
}

export function close(): void {
  const made = element();
  player.state = 'idle';
  made.pause();
  made.removeAttribute('src');
  made.load();
  player.open = false;
}

export function removeAt(place: number): void {
  const wasCurrent = place === player.at;
  player.queue.splice(place, 1);
  if (place < player.at) player.at -= 1;
  if (wasCurrent) {
    close();
    player.at = Math.min(player.at, player.queue.length - 1);
  }
  keep();
}

export function move(from: number, by: -1 | 1): void {
  const to = from + by;
  const [track] = player.queue.splice(from, 1);
  if (!track || to < 0 || to > player.queue.length) return;
  player.queue.splice(to, 0, track);
  if (player.at === from) player.at = to;
  else if (player.at === to) player.at = from;
  keep();
}

export function clear(): void {
  close();
  player.queue = [];
  player.at = -1;
  keep();
}

function keep(): void {
  localStorage.setItem(kKey, JSON.stringify({ queue: player.queue, at: player.at }));
}

// Media keys, headsets and lock screens.
function announce(track: Track): void {
  if (!('mediaSession' in navigator)) return;
  navigator.mediaSession.metadata = new MediaMetadata({ title: titleOf(track), artist: artistOf(track), album: track.album });
  const actions: [MediaSessionAction, () => void][] = [
    ['play', toggle], ['pause', toggle], ['nexttrack', next], ['previoustrack', previous], ['stop', close],
  ];
  for (const [action, run] of actions) navigator.mediaSession.setActionHandler(action, run);
  navigator.mediaSession.setActionHandler('seekto', (details) => details.seekTime !== undefined && seek(details.seekTime));
}
