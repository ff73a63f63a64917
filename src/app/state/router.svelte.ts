export const SCREENS = ['home', 'files', 'partners', 'space', 'cooperative', 'recovery', 'activity'] as const;
export type Screen = (typeof SCREENS)[number];

/** What a link's fragment asks for. */
export type Place =
  | { readonly kind: 'screen'; readonly screen: Screen }
  | { readonly kind: 'join'; readonly invite: string }
  | { readonly kind: 'restore' };

/** Reads a fragment: `#/files`, `#join=…`, `#restore`; anything else is Home. */
function placeOf(hash: string): Place {
  if (hash.startsWith('#join=') && hash.length > '#join='.length)
    return { kind: 'join', invite: hash.slice(1) };
  if (hash === '#restore') return { kind: 'restore' };
  const screen = SCREENS.find((name) => hash === `#/${name}`);
  return { kind: 'screen', screen: screen ?? 'home' };
}

/** The present place, kept in the address so that links, reload and the back button work. */
export class Router {
  place = $state.raw<Place>(placeOf(location.hash));
  readonly screen: Screen = $derived(this.place.kind === 'screen' ? this.place.screen : 'home');

  listen(): () => void {
    const handler = (): void => {
      this.place = placeOf(location.hash);
    };
    addEventListener('hashchange', handler);
    return () => removeEventListener('hashchange', handler);
  }

  go(screen: Screen): void {
    location.hash = `#/${screen}`;
  }

  /** Takes an invite out of the address and the history, so that nobody reads it over a shoulder or joins twice. */
  clear(): void {
    history.replaceState(history.state, '', `${location.pathname}${location.search}#/home`);
    this.place = { kind: 'screen', screen: 'home' };
  }
}
