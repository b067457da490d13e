/** Another holder of the same folder lives: try to reach that one. */
export const EXIT_IN_USE = 3;
/** The journal cannot be read or written: starting again would not help. */
export const EXIT_BROKEN = 6;
