import { mount } from 'svelte';
import App from './App.svelte';
import type { Services } from './services.ts';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';

/** Puts the app into the page. */
export function mountApp(target: HTMLElement, services: Services): void {
  target.replaceChildren();
  mount(App, { target, props: { services } });
}
