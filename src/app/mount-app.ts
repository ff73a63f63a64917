import { mount, unmount } from 'svelte';
import App from './App.svelte';
import Entry from './screens/entry/Entry.svelte';
import type { EntryState } from './screens/entry/entry-state.ts';
import type { Services } from './services.ts';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';

let shown: Record<string, unknown> | undefined;

function clear(): void {
  const former = shown;
  shown = undefined;
  if (former) void unmount(former);
}

/** Puts the app into the page, in place of what was there; returns a function that takes it away. */
export function mountApp(target: HTMLElement, services: Services): () => void {
  clear();
  shown = mount(App, { target, props: { services } });
  return clear;
}

/** Shows what comes before the app, or instead of it. */
export function mountEntry(target: HTMLElement, state: EntryState): void {
  clear();
  shown = mount(Entry, { target, props: { state } });
}
