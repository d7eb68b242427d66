// Downloads that this page has asked for.
import { CallError, lines } from './api';
import { titleOf, type Track } from './track';

export type Download = {
  content: string; name: string; bytes: number; size: number; state: 'running' | 'done' | 'failed' | 'cancelled'; note: string; stop: () => void;
};

export const downloads = $state<Download[]>([]);

export function downloadOf(track: Track): Download | undefined {
  return downloads.find((download) => download.content === track.content);
}

export async function download(track: Track): Promise<void> {
  const old = downloads.findIndex((other) => other.content === track.content);
  if (old >= 0) {
    if (downloads[old]!.state === 'running' || downloads[old]!.state === 'done') return;
    downloads.splice(old, 1);
  }
  const stopper = new AbortController();
  downloads.unshift({
    content: track.content, name: titleOf(track), bytes: 0, size: track.size_bytes, state: 'running', note: '', stop: () => stopper.abort(),
  });
  const row = downloads[0]!;
  try {
    const last = await lines('POST', '/api/v1/fetches', { content: track.content }, (line) => {
      if (line.type !== 'progress') return;
      row.bytes = Number(line.bytes);
      if (Number(line.size) > 0) row.size = Number(line.size);
    }, stopper.signal);
    if (stopper.signal.aborted) row.state = 'cancelled';
    else {
      row.state = 'done';
      row.bytes = row.size;
      row.note = String(last?.file ?? '');
    }
  } catch (error) {
    row.state = 'failed';
    row.note = error instanceof CallError ? error.message : String(error);
  }
}
