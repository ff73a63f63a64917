import { createContext } from 'svelte';
import type { Roost } from './state/roost.svelte.ts';

/** Set once by App.svelte; every component below reads it. */
export const [useRoost, provideRoost] = createContext<Roost>();
