const PREFIX = 'roost.';

/**
 * Small conveniences that may be lost at any time; nothing that matters rests here. Storage that throws (turned off, full)
 * counts as empty.
 */
export const memo = {
  get(key: string): string | undefined {
    try {
      return localStorage.getItem(PREFIX + key) ?? undefined;
    } catch {
      return undefined;
    }
  },
  set(key: string, value: string | undefined): void {
    try {
      if (value === undefined) localStorage.removeItem(PREFIX + key);
      else localStorage.setItem(PREFIX + key, value);
    } catch {
      // A browser without storage only asks again.
    }
  },
};
