// Looks into an audio file on this computer: its names, its picture, and whether listeners would have to wait before it
// starts. Only the few bytes that say so are read, and bad ones end the reading, not the page. What the node publishes is
// read again there, by a reader that trusts nobody.

export type Slow = 'cover' | 'index' | 'wav';
export type Look = {
  title: string; artist: string; album: string; cover: Blob | null;
  slow: Slow | null;
  frontBytes: number;  // of what stands before the sound
  fix: (() => Promise<Blob>) | null;  // the same sound in a file that starts at once
};

const kSlowFront = 256 * 1024;  // one second at 2 Mbit/s
const kSmallCover = 600;        // pixels
const kMaxHead = 16 << 20;

export function isAudio(name: string): boolean {
  return /\.(mp3|ogg|oga|opus|flac|m4a|m4b|mp4|aac|wav)$/i.test(name);
}

export async function look(file: File): Promise<Look> {
  const nothing: Look = { title: '', artist: '', album: '', cover: null, slow: null, frontBytes: 0, fix: null };
  try {
    const head = await read(file, 0, 12);
    if (head.length < 12) return nothing;
    if (ascii(head, 0, 3) === 'ID3') return await lookMp3(file, head);
    if (ascii(head, 4, 4) === 'ftyp') return await lookMp4(file);
    if (ascii(head, 0, 4) === 'fLaC') return { ...nothing, ...(await lookFlac(file)) };
    if (ascii(head, 0, 4) === 'OggS') return { ...nothing, ...(await lookOgg(file)) };
    if (ascii(head, 0, 4) === 'RIFF') return { ...nothing, slow: 'wav' };
  } catch {
    return nothing;
  }
  return nothing;
}

async function read(file: Blob, from: number, size: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.slice(from, from + Math.min(size, kMaxHead)).arrayBuffer());
}

const ascii = (bytes: Uint8Array, at: number, size: number) => String.fromCharCode(...bytes.subarray(at, at + size));
const big = (bytes: Uint8Array, at: number) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
const little = (bytes: Uint8Array, at: number) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);

// --- mp3: ID3v2.3 and 2.4 (id3.org), frames of four letters -------------------------------------------------------

type Frame = { name: string; body: Uint8Array<ArrayBuffer> };

const synchsafe = (bytes: Uint8Array, at: number) => ((bytes[at]! & 127) << 21) | ((bytes[at + 1]! & 127) << 14) | ((bytes[at + 2]! & 127) << 7) | (bytes[at + 3]! & 127);

async function lookMp3(file: File, head: Uint8Array): Promise<Look> {
  const version = head[3]!;
  const flags = head[5]!;
  const size = 10 + synchsafe(head, 6);
  const readable = (version === 3 || version === 4) && (flags & 0xc0) === 0;
  const frames = readable ? framesOf(await read(file, 0, size), version) : [];
  const text = (name: string) => textOf(frames.find((frame) => frame.name === name)?.body);
  const cover = pictureOf(frames.find((frame) => frame.name === 'APIC')?.body);
  const slow = size > kSlowFront;
  const fix = slow && frames.length > 0 ? async () => withSmallFront(file, size, frames, cover) : null;
  return { title: text('TIT2'), artist: text('TPE1'), album: text('TALB'), cover, slow: slow ? 'cover' : null, frontBytes: size, fix };
}

function framesOf(tag: Uint8Array<ArrayBuffer>, version: number): Frame[] {
  const frames: Frame[] = [];
  for (let at = 10; at + 10 <= tag.length && /^[A-Z0-9]{4}$/.test(ascii(tag, at, 4)); ) {
    const size = version === 4 ? synchsafe(tag, at + 4) : big(tag, at + 4);
    if (at + 10 + size > tag.length) break;
    frames.push({ name: ascii(tag, at, 4), body: tag.slice(at + 10, at + 10 + size) });
    at += 10 + size;
  }
  return frames;
}

function textOf(body: Uint8Array | undefined): string {
  if (!body || body.length < 2) return '';
  return decoded(body[0]!, body.subarray(1)).replace(/\0+$/, '').split('\0')[0]!.trim();
}

function decoded(encoding: number, bytes: Uint8Array): string {
  const names = ['latin1', 'utf-16', 'utf-16be', 'utf-8'];
  return new TextDecoder(names[encoding] ?? 'latin1').decode(bytes);
}

function pictureOf(body: Uint8Array<ArrayBuffer> | undefined): Blob | null {
  if (!body) return null;
  const typeEnd = body.indexOf(0, 1);
  if (typeEnd < 0) return null;
  const wide = body[0] === 1 || body[0] === 2;
  let at = typeEnd + 2;
  while (at < body.length && !(body[at] === 0 && (!wide || body[at + 1] === 0))) at += wide ? 2 : 1;
  return imageOf(body.slice(at + (wide ? 2 : 1)));
}

/** Only what begins like a picture is shown as one. */
function imageOf(bytes: Uint8Array<ArrayBuffer>): Blob | null {
  if (bytes.length < 16) return null;
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return new Blob([bytes], { type: 'image/jpeg' });
  if (ascii(bytes, 1, 3) === 'PNG') return new Blob([bytes], { type: 'image/png' });
  return null;
}

async function smaller(cover: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const image = await createImageBitmap(cover);
  const scale = Math.min(1, kSmallCover / Math.max(image.width, image.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(image.width * scale)), Math.max(1, Math.round(image.height * scale)));
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 })).arrayBuffer());
}

// The frames again, with a small picture instead of the large one, in front of the untouched sound.
async function withSmallFront(file: File, oldSize: number, frames: Frame[], cover: Blob | null): Promise<Blob> {
  const kept = frames.filter((frame) => frame.name !== 'APIC' && frame.body.length < kSlowFront / 4).map(({ name, body }) => ({ name, body }));
  if (cover) {
    const image = await smaller(cover).catch(() => null);
    if (image) kept.push({ name: 'APIC', body: joined([new Uint8Array([0]), letters('image/jpeg'), new Uint8Array([0, 3, 0]), image]) });
  }
  const version = (await read(file, 0, 4))[3]!;
  const parts = kept.flatMap(({ name, body }) => [letters(name), sized(body.length, version), new Uint8Array(2), body]);
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const head = joined([letters('ID3'), new Uint8Array([version, 0, 0]), sized(size, 4)]);
  return new Blob([head, ...parts, file.slice(oldSize)], { type: 'audio/mpeg' });
}

const letters = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;

function sized(size: number, version: number): Uint8Array<ArrayBuffer> {
  return version === 4
    ? new Uint8Array([(size >> 21) & 127, (size >> 14) & 127, (size >> 7) & 127, size & 127])
    : new Uint8Array([size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255]);
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// --- mp4: ISO/IEC 14496-12 boxes ----------------------------------------------------------------------------------

type Box = { type: string; from: number; head: number; size: number };

async function topBoxes(file: File): Promise<Box[]> {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= file.size && boxes.length < 64; ) {
    const head = await read(file, at, 16);
    let size = big(head, 0);
    let long = 8;
    if (size === 1) {
      size = big(head, 8) * 2 ** 32 + big(head, 12);
      long = 16;
    }
    if (size === 0) size = file.size - at;
    if (size < long) break;
    boxes.push({ type: ascii(head, 4, 4), from: at, head: long, size });
    at += size;
  }
  return boxes;
}

async function lookMp4(file: File): Promise<Look> {
  const boxes = await topBoxes(file);
  const moov = boxes.find((box) => box.type === 'moov');
  const mdat = boxes.find((box) => box.type === 'mdat');
  const tags = moov ? await read(file, moov.from, moov.size) : new Uint8Array(0);
  const text = (name: string) => new TextDecoder().decode(dataOf(tags, name) ?? new Uint8Array(0));
  const picture = dataOf(tags, 'covr');
  const last = moov !== undefined && mdat !== undefined && moov.from > mdat.from;
  const movable = last && moov.size <= kMaxHead;
  return {
    title: text('\u00a9nam'), artist: text('\u00a9ART'), album: text('\u00a9alb'), cover: picture ? imageOf(picture.slice()) : null,
    slow: last ? 'index' : null, frontBytes: 0, fix: movable ? async () => withIndexFirst(file, boxes, moov) : null,
  };
}

// The contents of moov/udta/meta/ilst/NAME/data.
function dataOf(moov: Uint8Array<ArrayBuffer>, name: string): Uint8Array<ArrayBuffer> | null {
  let within = inside(moov, 8, moov.length, 'udta');
  if (within) within = inside(moov, within[0], within[1], 'meta');
  if (within) within = inside(moov, within[0] + 4, within[1], 'ilst');
  if (within) within = inside(moov, within[0], within[1], name);
  if (within) within = inside(moov, within[0], within[1], 'data');
  return within ? moov.subarray(within[0] + 8, within[1]) : null;
}

function inside(bytes: Uint8Array, from: number, to: number, type: string): [number, number] | null {
  for (let at = from; at + 8 <= to; ) {
    const size = big(bytes, at);
    if (size < 8 || at + size > to) return null;
    if (ascii(bytes, at + 4, 4) === type) return [at + 8, at + size];
    at += size;
  }
  return null;
}

// moov goes before the first mdat; every chunk offset in it grows by its size.
async function withIndexFirst(file: File, boxes: Box[], moov: Box): Promise<Blob> {
  const index = await read(file, moov.from, moov.size);
  shift(index, moov.head, index.length, moov.size);
  const part = (box: Box) => file.slice(box.from, box.from + box.size);
  const before = boxes.filter((box) => box.type === 'ftyp');
  const rest = boxes.filter((box) => box.type !== 'ftyp' && box.type !== 'moov');
  // Offsets count from the file's start: boxes that change sides of the sound would break the sum.
  if (boxes[0]?.type !== 'ftyp' || boxes.indexOf(moov) < boxes.length - 1) throw new Error('an unusual order of boxes');
  return new Blob([...before.map(part), index, ...rest.map(part)], { type: 'audio/mp4' });
}

function shift(bytes: Uint8Array, from: number, to: number, by: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = from; at + 8 <= to; ) {
    const size = big(bytes, at);
    if (size < 8 || at + size > to) throw new Error('a broken box');
    const type = ascii(bytes, at + 4, 4);
    if (['trak', 'mdia', 'minf', 'stbl'].includes(type)) shift(bytes, at + 8, at + size, by);
    if (type === 'stco' || type === 'co64') {
      const wide = type === 'co64' ? 8 : 4;
      const count = Math.min(big(bytes, at + 12), Math.floor((size - 16) / wide));
      for (let entry = 0; entry < count; ++entry) {
        const place = at + 16 + entry * wide;
        if (wide === 4) view.setUint32(place, view.getUint32(place) + by);
        else view.setBigUint64(place, view.getBigUint64(place) + BigInt(by));
      }
    }
    at += size;
  }
}

// --- FLAC (RFC 9639) and Ogg: Vorbis comments ---------------------------------------------------------------------

type Names = { title: string; artist: string; album: string; cover: Blob | null; frontBytes: number };

function commentsOf(bytes: Uint8Array, from: number): Record<string, string> {
  const found: Record<string, string> = {};
  let at = from + 4 + little(bytes, from);
  const count = little(bytes, at);
  at += 4;
  for (let i = 0; i < count && i < 200 && at + 4 <= bytes.length; ++i) {
    const size = little(bytes, at);
    if (at + 4 + size > bytes.length) break;
    const [name, ...value] = new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + size)).split('=');
    found[(name ?? '').toLowerCase()] ??= value.join('=');
    at += 4 + size;
  }
  return found;
}

async function lookFlac(file: File): Promise<Names> {
  let comments: Record<string, string> = {};
  let cover: Blob | null = null;
  let at = 4;
  for (let block = 0; block < 64; ++block) {
    const head = await read(file, at, 4);
    const size = (head[1]! << 16) | (head[2]! << 8) | head[3]!;
    const type = head[0]! & 127;
    if (type === 4) comments = commentsOf(await read(file, at + 4, size), 0);
    if (type === 6) {
      const picture = await read(file, at + 4, size);
      const mime = big(picture, 4);
      const text = big(picture, 8 + mime);
      cover = imageOf(picture.slice(8 + mime + 4 + text + 20));
    }
    at += 4 + size;
    if (head[0]! & 128) break;
  }
  return { title: comments.title ?? '', artist: comments.artist ?? '', album: comments.album ?? '', cover, frontBytes: at };
}

async function lookOgg(file: File): Promise<Names> {
  const bytes = await read(file, 0, 64 * 1024);
  const text = new TextDecoder('latin1').decode(bytes);
  const vorbis = text.indexOf('\u0003vorbis');
  const opus = text.indexOf('OpusTags');
  const at = vorbis >= 0 ? vorbis + 7 : opus >= 0 ? opus + 8 : -1;
  const comments = at < 0 ? {} : commentsOf(bytes, at);
  return { title: comments.title ?? '', artist: comments.artist ?? '', album: comments.album ?? '', cover: null, frontBytes: 0 };
}
