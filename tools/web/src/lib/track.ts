// A track as search rows, the queue and the player share it.
import { t } from './prefs.svelte';

export type Holder = { key: string; endpoint: string; stream?: string };
export type Track = {
  content: string; title: string; artist: string; album: string; genre: string; year: number; duration_ms: number; codec: string;
  bitrate_kbps: number; size_bytes: number; kind?: string; licence?: string; publisher?: string;
};
export type Hit = Track & { holders: Holder[]; hops: number; ms: number; score: number };

export function titleOf(track: Track): string {
  return track.title || t().track.untitled;
}

export function artistOf(track: Track): string {
  return track.artist || t().track.unknown;
}

const kMedia: Record<string, string> = {
  mp3: 'audio/mpeg', vorbis: 'audio/ogg; codecs=vorbis', opus: 'audio/ogg; codecs=opus', flac: 'audio/flac', aac: 'audio/mp4', wav: 'audio/wav',
};

const kNames: Record<string, string> = { mp3: 'MP3', vorbis: 'Vorbis', opus: 'Opus', flac: 'FLAC', aac: 'AAC', wav: 'WAV' };

/** The format's name for people; empty when it is not known. */
export function formatOf(codec: string): string {
  return kNames[codec] ?? '';
}

/** Nobody offers the audio of a track that is only described. */
export function hasAudio(track: Track): boolean {
  return !track.content.startsWith('described:') && track.size_bytes > 0;
}

const answers = new Map<string, boolean>();

/** Whether this browser knows the format; asked of it once a format. */
export function isPlayable(track: Track): boolean {
  const type = kMedia[track.codec];
  if (!type) return true;
  let answer = answers.get(type);
  if (answer === undefined) {
    answer = new Audio().canPlayType(type) !== '';
    answers.set(type, answer);
  }
  return answer;
}

export function isLossless(track: Track): boolean {
  return track.codec === 'flac' || track.codec === 'wav';
}
