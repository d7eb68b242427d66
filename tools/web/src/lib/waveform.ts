// The outline of a track, from its own sound: decoded once, when all of it can be heard, and remembered.
import type { Track } from './track';

const kBars = 160;
const kMaxBytes = 24_000_000;  // decoded this is ten times as much memory, for a moment
const kKeep = 200;
const kKey = 'earshot.peaks';

export async function peaksOf(track: Track, url: string): Promise<number[] | null> {
  const known = recall()[track.content];
  if (known) return Array.from(atob(known), (byte) => byte.charCodeAt(0) / 255);
  if (track.size_bytes > kMaxBytes) return null;
  try {
    const bytes = await (await fetch(url)).arrayBuffer();
    const sound = await new OfflineAudioContext(1, 1, 8000).decodeAudioData(bytes);
    const peaks = outline(sound.getChannelData(0));
    keep(track.content, btoa(String.fromCharCode(...peaks.map((peak) => Math.round(peak * 255)))));
    return peaks;
  } catch {
    return null;
  }
}

// The loudest moment of each part, with the loudest of all as one.
function outline(samples: Float32Array): number[] {
  const peaks = new Array<number>(kBars).fill(0);
  const part = samples.length / kBars;
  for (let bar = 0; bar < kBars; ++bar) {
    const end = Math.floor((bar + 1) * part);
    let most = 0;
    for (let i = Math.floor(bar * part); i < end; i += 1) most = Math.max(most, Math.abs(samples[i]!));
    peaks[bar] = most;
  }
  const loudest = Math.max(...peaks, 0.01);
  return peaks.map((peak) => peak / loudest);
}

function recall(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(kKey) ?? '{}');
  } catch {
    return {};
  }
}

function keep(content: string, peaks: string): void {
  const all = Object.entries({ ...recall(), [content]: peaks }).slice(-kKeep);
  localStorage.setItem(kKey, JSON.stringify(Object.fromEntries(all)));
}
