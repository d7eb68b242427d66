// Which view is shown: the part of the address behind '#', so that back, forward and bookmarks work.
export type View = 'search' | 'library' | 'publish' | 'podcasts' | 'radio' | 'wishes' | 'network' | 'settings';

const kViews: View[] = ['search', 'library', 'publish', 'podcasts', 'radio', 'wishes', 'network', 'settings'];

export const route = $state({ view: viewOf(location.hash), text: textOf(location.hash) });

addEventListener('hashchange', () => {
  route.view = viewOf(location.hash);
  route.text = textOf(location.hash);
});

function viewOf(hash: string): View {
  const name = hash.slice(2).split('?')[0];
  return kViews.find((view) => view === name) ?? 'search';
}

/** "#/search?q=..." */
function textOf(hash: string): string {
  return new URLSearchParams(hash.split('?')[1] ?? '').get('q') ?? '';
}

export function hrefOf(view: View, text = ''): string {
  return text ? `#/${view}?q=${encodeURIComponent(text)}` : `#/${view}`;
}

export function show(view: View, text = ''): void {
  location.hash = hrefOf(view, text);
}
