// A QR code (ISO/IEC 18004) of up to 84 bytes: always version 5 with level M, which is 37 modules wide and survives the loss of
// a seventh, and always mask 0, so that this file is short. Rows of modules, true where it is dark.
const kSize = 37;
const kBlocks = 2;
const kData = 43;  // bytes of a block
const kCheck = 24;
export const kMostBytes = 84;

// The field of 256 elements over x^8 + x^4 + x^3 + x^2 + 1.
const exp = new Uint8Array(510);
const log = new Uint8Array(256);
for (let at = 0, value = 1; at < 255; ++at) {
  exp[at] = exp[at + 255] = value;
  log[value] = at;
  value = (value << 1) ^ (value & 128 ? 0x11d : 0);
}
const times = (a: number, b: number) => (a === 0 || b === 0 ? 0 : exp[log[a]! + log[b]!]!);

function checkOf(data: Uint8Array): Uint8Array {
  let generator = [1];
  for (let root = 0; root < kCheck; ++root) {
    const next = [...generator, 0];
    for (let at = 0; at < generator.length; ++at) next[at + 1]! ^= times(generator[at]!, exp[root]!);
    generator = next;
  }
  const rest = new Uint8Array(data.length + kCheck);
  rest.set(data);
  for (let at = 0; at < data.length; ++at) {
    const factor = rest[at]!;
    for (let term = 0; term < generator.length; ++term) rest[at + term]! ^= times(generator[term]!, factor);
  }
  return rest.slice(data.length);
}

// Mode and length, the text, its end, and filling; then the blocks in turns, and their check bytes.
function codewords(text: Uint8Array): Uint8Array {
  const all = new Uint8Array(kBlocks * kData);
  const nibbles = [4, text.length >> 4, text.length & 15, ...[...text].flatMap((byte) => [byte >> 4, byte & 15]), 0];
  nibbles.forEach((nibble, at) => (all[at >> 1]! |= at % 2 === 0 ? nibble << 4 : nibble));
  for (let at = Math.ceil(nibbles.length / 2), filler = 0xec; at < all.length; ++at, filler ^= 0xec ^ 0x11) all[at] = filler;
  const blocks = Array.from({ length: kBlocks }, (_, block) => all.slice(block * kData, (block + 1) * kData));
  const checks = blocks.map(checkOf);
  const out: number[] = [];
  for (let at = 0; at < kData; ++at) for (const block of blocks) out.push(block[at]!);
  for (let at = 0; at < kCheck; ++at) for (const check of checks) out.push(check[at]!);
  return Uint8Array.from(out);
}

type Grid = (boolean | null)[][];

function square(grid: Grid, row: number, column: number, reach: number, dark: (ring: number) => boolean): void {
  for (let r = -reach; r <= reach; ++r) {
    for (let c = -reach; c <= reach; ++c) {
      const line = grid[row + r];
      if (line && line[column + c] !== undefined) line[column + c] = dark(Math.max(Math.abs(r), Math.abs(c)));
    }
  }
}

// What is the same in every code of this version; the format says level M and mask 0.
function frame(): Grid {
  const grid: Grid = Array.from({ length: kSize }, () => Array<boolean | null>(kSize).fill(null));
  for (let at = 8; at < kSize - 8; ++at) grid[6]![at] = grid[at]![6] = at % 2 === 0;
  for (const [row, column] of [[3, 3], [3, kSize - 4], [kSize - 4, 3]] as const) square(grid, row, column, 4, (ring) => ring !== 2 && ring !== 4);
  square(grid, kSize - 7, kSize - 7, 2, (ring) => ring !== 1);
  const format = 0b101010000010010;
  for (let bit = 0; bit < 15; ++bit) {
    const dark = ((format >> (14 - bit)) & 1) === 1;
    const along = bit < 6 ? bit : bit < 8 ? bit + 1 : bit === 8 ? 7 : 14 - bit;
    if (bit < 8) grid[8]![bit < 6 ? bit : bit + 1] = dark;
    else grid[along]![8] = dark;
    if (bit < 7) grid[kSize - 1 - bit]![8] = dark;
    else grid[8]![kSize - 15 + bit] = dark;
  }
  grid[kSize - 8]![8] = true;
  return grid;
}

/** Nothing for a text that is too long. */
export function qrCode(text: string): boolean[][] | null {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > kMostBytes) return null;
  const words = codewords(bytes);
  const grid = frame();
  let bit = 0;
  // Two columns at a time from the right, up and down in turns, past the column of the timing pattern.
  for (let right = kSize - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right = 5;
    for (let step = 0; step < kSize; ++step) {
      const row = up ? kSize - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (grid[row]![column] !== null) continue;
        const value = bit < words.length * 8 && ((words[bit >> 3]! >> (7 - (bit & 7))) & 1) === 1;
        grid[row]![column] = value !== ((row + column) % 2 === 0);
        ++bit;
      }
    }
  }
  return grid as boolean[][];
}
