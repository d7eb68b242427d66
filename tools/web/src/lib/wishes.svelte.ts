// What was found for wishes. The node hands each of them out once, so this browser keeps them.
import type { Hit } from './track';

export type Wish = { id: number; text: string; added: number; found: number; fresh: number };

const kKey = 'earshot.wishes';
const kMost = 100;

function stored(): Hit[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(kKey) ?? '[]');
    return Array.isArray(list) ? (list as Hit[]) : [];
  } catch {
    return [];
  }
}

export const found = $state<Hit[]>(stored());

/** The newest first. */
export function keepFound(hit: Hit): void {
  const at = found.findIndex((other) => other.content === hit.content);
  if (at >= 0) found.splice(at, 1);
  found.unshift(hit);
  found.splice(kMost);
  localStorage.setItem(kKey, JSON.stringify(found));
}
