// A list of tracks as a file for other players: the node writes it, the browser saves it.
import { ask } from './api';
import { hasAudio, type Track } from './track';

export type PlaylistFormat = 'm3u8' | 'xspf';

const kMost = 200;  // rows that one call takes
const kMedia: Record<PlaylistFormat, string> = { m3u8: 'audio/x-mpegurl', xspf: 'application/xspf+xml' };

export async function savePlaylist(name: string, tracks: Track[], format: PlaylistFormat): Promise<void> {
  const rows = tracks.filter(hasAudio).slice(0, kMost).map(({ content, title, artist, album, duration_ms }) => ({ content, title, artist, album, duration_ms }));
  const { text } = await ask('POST', '/api/v1/playlists', { format, tracks: rows });
  const url = URL.createObjectURL(new Blob([String(text)], { type: kMedia[format] }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name.replace(/[^\p{L}\p{N} _-]/gu, '').trim().slice(0, 60) || 'earshot'}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
