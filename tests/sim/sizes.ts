/** Space is scaled away: nobody runs out of it unless a fault says so. */
export const TIB = 2 ** 40;
