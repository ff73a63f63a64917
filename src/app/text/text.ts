import { en } from './en.ts';

/** Every language has exactly the keys of English; the compiler says which are missing. */
export type Text = typeof en;

/** The text of the app. A further language is one more file of type `Text`, chosen here by `navigator.languages`. */
export const text: Text = en;
