// What this browser remembers of its user: language, appearance, shortcuts, recent searches.
import { en, type Words } from './words.en';
import { es } from './words.es';

type Stored = { language: 'auto' | 'en' | 'es'; theme: 'auto' | 'light' | 'dark'; shortcuts: boolean; recent: string[]; volume: number };

const kKey = 'earshot.prefs';
const kMaxRecent = 6;

function stored(): Stored {
  const fallback: Stored = { language: 'auto', theme: 'auto', shortcuts: true, recent: [], volume: 1 };
  try {
    return { ...fallback, ...JSON.parse(localStorage.getItem(kKey) ?? '{}') };
  } catch {
    return fallback;
  }
}

export const prefs = $state(stored());

const words = $derived<Words>(chosen(prefs.language) === 'es' ? es : en);

function chosen(language: Stored['language']): 'en' | 'es' {
  if (language !== 'auto') return language;
  return navigator.language.toLowerCase().startsWith('es') ? 'es' : 'en';
}

/** The words of the chosen language. */
export function t(): Words {
  return words;
}

/** Keeps what changes, and shows it on the document. Call once, from a component. */
export function keepPrefs(): void {
  $effect(() => {
    localStorage.setItem(kKey, JSON.stringify(prefs));
    document.documentElement.lang = words.code;
    document.documentElement.dataset.theme = prefs.theme;
  });
}

export function remember(text: string): void {
  prefs.recent = [text, ...prefs.recent.filter((old) => old !== text)].slice(0, kMaxRecent);
}
